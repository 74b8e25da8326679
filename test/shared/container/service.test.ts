/** P1: a service in a container of Docker's, by its own daemon and with its default profile, keeps to its release. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

import { deployTo, rollBackTo } from '../../support/deployment';
import { type DockerDaemon, startDockerDaemon } from '../../support/dockerDaemon';
import { PLACE_SELECTION } from '../../support/placeProbes';
import { placeEngines, SYSTEM_PYTHON } from '../../support/placeRuns';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';

jest.setTimeout(240_000);
const { version, plain, started } = placeEngines();
let daemon: DockerDaemon;

beforeAll(async () => {
  daemon = await startDockerDaemon();
}, 120_000);
afterAll(() => daemon.stop());

/** It answers with its version, and from the hundredth request on with that of a module that it imports then. */
const SERVICE = `
import http.server, os, socketserver, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src'))
V = 'VERSION'
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global count
        count += 1
        said = V
        if count >= 100:
            import late
            said += late.V
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said.encode())

    def address_string(self):
        return 'the test'

    def log_message(self, *_):
        pass


with socketserver.UnixStreamServer('service.sock', Handler) as server:
    print('ready', flush=True)
    server.serve_forever()
`;

const SWITCHES = size(50, 200);

test(`P1: a service imports its own release’s module at its hundredth request, across ${SWITCHES} switches`, async () => {
  const base = await plain();
  const [one, two] = [await version('1'), await version('2')];
  for (const [source, own] of [
    [one, '1'],
    [two, '2'],
  ] as const)
    await writeTree(source, { 'serve.py': SERVICE.replace('VERSION', own) });
  const selection = { ...PLACE_SELECTION, include: [...PLACE_SELECTION.include, 'serve.py'] };
  for (const source of [two, one]) await deployTo(base, source, { selection });
  const inside = daemon.start(dirname(base), []);
  const prefix = [...inside, SYSTEM_PYTHON, '.hot-deploy/launch.py'];
  const [program = '', ...words] = [...prefix, '--hot-deploy-pinning'];
  expect(execFileSync(program, words, { encoding: 'utf8' })).toBe('code forbidden');
  await started([...prefix, 'python3', 'serve.py'], base);
  const ask = () => answered(join(base, 'service.sock'));
  const said = new Set<string>();
  for (let count = 0; count < 99; count++) {
    if (count < SWITCHES) await rollBackTo(base, { target: 'previous' });
    said.add(await ask());
  }
  for (let count = 99; count < SWITCHES; count++) await rollBackTo(base, { target: 'previous' });
  if (SWITCHES % 2 === 0) await rollBackTo(base, { target: 'previous' });
  expect([...said]).toEqual(['1']);
  expect(await ask()).toBe('11');
});

/** What a service at a socket answers. */
async function answered(socketPath: string): Promise<string> {
  const asked = get({ socketPath, path: '/' });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return text(response);
}
