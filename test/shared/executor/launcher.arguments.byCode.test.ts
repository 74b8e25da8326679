/** P1: all that launcher.arguments.test.ts shows, pinned by code. */
import '../../support/pinnedByCode';
import './launcher.arguments.test';
