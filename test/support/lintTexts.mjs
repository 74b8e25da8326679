/*
 * Reads `[{ filePath, text }]` from standard input, and prints what ESLint, as it is set up here, says of each: the
 * rules and messages, without those that need types. Jest can't load ESLint's own configuration into its sandbox.
 */
import { json } from 'node:stream/consumers';
import process from 'node:process';

import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked] });
const said = [];
for (const { filePath, text } of await json(process.stdin)) {
  const [{ messages }] = await eslint.lintText(text, { filePath });
  said.push(messages.map(({ ruleId, message }) => `${ruleId}: ${message}`));
}
process.stdout.write(JSON.stringify(said));
