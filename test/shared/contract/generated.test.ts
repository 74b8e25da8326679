import { readFileSync } from 'node:fs';

import { type Verb, VERBS } from '../../../nodes/shared/contract/verbs';
import { CONTRACT_FILE, contractInPython } from '../../../scripts/contract/python';
import { evaluate } from '../../support/pythonModule';

test('the engine’s side of the contract is the one that the client has: else run “npm run contract”', () => {
  expect(readFileSync(CONTRACT_FILE, 'utf8')).toBe(contractInPython());
});

test('the executor carries out exactly the verbs of the contract', () => {
  const verbs = evaluate<string[]>(
    'from hot_deploy.verbs import VERBS\nprint(json.dumps(sorted(VERBS)))',
  ) as Verb[];
  expect(verbs).toEqual(Object.keys(VERBS).sort());
});
