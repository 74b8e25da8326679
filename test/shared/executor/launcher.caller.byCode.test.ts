/** P1: all that launcher.caller.test.ts shows, pinned by code. */
import '../../support/pinnedByCode';
import './launcher.caller.test';
