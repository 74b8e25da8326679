/** P1: all that launcher.test.ts shows, pinned in place. */
import '../../support/pinnedInPlace';
import './launcher.test';
