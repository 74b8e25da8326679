/** The demo's folder, opened to n8n's nodes. Import this before n8n's engine, which reads its environment when loaded. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hot-deploy-demo-')));

process.env.N8N_RESTRICT_FILE_ACCESS_TO = folder;
process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = folder;
