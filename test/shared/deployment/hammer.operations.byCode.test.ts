/** P1: all that hammer.operations.test.ts shows, pinned by code. */
import '../../support/deployedPinnedByCode';
import './hammer.operations.test';
