/** P1: all that launcher.caller.test.ts shows, pinned in place. */
import '../../support/pinnedInPlace';
import './launcher.caller.test';
