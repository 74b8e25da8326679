/** Writes the engine's side of the contract: `npm run contract`. A test says when the file is stale. */
import { writeFileSync } from 'node:fs';

import { CONTRACT_FILE, contractInPython } from './contract/python';

writeFileSync(CONTRACT_FILE, contractInPython());
