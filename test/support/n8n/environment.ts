/**
 * Keeps everything that n8n's engine writes in a temporary folder.
 * Import this before n8n-core, which reads its environment while it is being loaded.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Holds n8n's encryption key and, in `filesystem` mode, binary data. Removed by the last `close()`. */
export const userFolder = mkdtempSync(join(tmpdir(), 'hot-deploy-n8n-'));

process.env.N8N_USER_FOLDER = userFolder;
process.env.N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS = 'true';
delete process.env.N8N_ENCRYPTION_KEY;
delete process.env.N8N_STORAGE_PATH;
delete process.env.N8N_BINARY_DATA_STORAGE_PATH;
