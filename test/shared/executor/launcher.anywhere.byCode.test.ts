/** P1: all that launcher.anywhere.test.ts shows, pinned by code. */
import '../../support/pinnedByCode';
import './launcher.anywhere.test';
