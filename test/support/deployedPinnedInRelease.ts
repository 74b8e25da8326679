/** A test that imports this first has the engines that it deploys pinned in the release. */
import { deployPinned } from './deployedPinning';

deployPinned('release');
