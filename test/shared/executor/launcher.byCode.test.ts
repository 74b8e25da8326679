/** P1: all that launcher.test.ts shows, pinned by code. */
import '../../support/pinnedByCode';
import './launcher.test';
