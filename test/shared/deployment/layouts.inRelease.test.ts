/** P1: all that layouts.test.ts shows, pinned in the release. */
import '../../support/deployedPinnedInRelease';
import './layouts.test';
