/** What a run prints is bounded, and has none of its secrets, however it got them. */
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { deployTo, openClient, temporaryDirectories } from '../../support/deployment';
import { AS_TEXT, runIn } from '../../support/runs';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let base: string;
let client: ExecutorClient;

beforeAll(async () => {
  base = join(await make(), 'app');
  const source = await make('source');
  await writeTree(source, {
    'run.py': `import sys
if sys.argv[1] == "echo":
    text = sys.stdin.read()
    print(text)
    print(text, file=sys.stderr)
elif sys.argv[1] == "print":
    print("x" * 100000)
    print("the end")
    sys.exit(3)
else:
    for number in range(int(sys.argv[1])):
        sys.stderr.write("line %09d\\n" % number)
    sys.stderr.write("the end\\n")
`,
  });
  await deployTo(base, source);
  client = await openClient();
});

afterAll(() => client.close());

test('P7: secrets on standard input are hidden when they are printed', async () => {
  const changes = { ...AS_TEXT, secrets: { API_KEY: 'sk-"quoted"-123' }, secretsOnStdin: true };
  const { output, stderr } = await runIn(client, base, ['echo'], changes);
  expect([output, stderr]).toEqual(['{"API_KEY":"***"}\n', '{"API_KEY":"***"}\n']);
});

test('of what goes to standard error the end is kept, however much it is', async () => {
  const { stderr } = await runIn(client, base, ['20000'], AS_TEXT);
  expect(stderr).toMatch(/^\[\d+ bytes/);
  expect(stderr.length).toBeLessThan(4100);
  expect(stderr).toMatch(/line 000019999\nthe end\n$/);
});

test('of a run that printed much and did not succeed, the end is told', async () => {
  const failed = await thrownBy(runIn(client, base, ['print'], AS_TEXT));
  expect(failed.details.stdout).toMatch(/^\[96009 bytes left out\]\nx+\nthe end\n$/);
  expect(failed.description).toMatch(/the end$/);
});
