/** P1: all that layouts.test.ts shows, pinned by code. */
import '../../support/deployedPinnedByCode';
import './layouts.test';
