/** P1: all that launcher.anywhere.test.ts shows, pinned in place. */
import '../../support/pinnedInPlace';
import './launcher.anywhere.test';
