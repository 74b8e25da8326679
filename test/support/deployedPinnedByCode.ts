/** A test that imports this first has the engines that it deploys pinned by code. */
import { deployPinned } from './deployedPinning';

deployPinned('code');
