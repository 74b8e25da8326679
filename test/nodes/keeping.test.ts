/** Connections that are kept between executions of one n8n, as people's workflows meet them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ICredentialDataDecryptedObject, IDataObject, INode } from 'n8n-workflow';

import { connectionKey, credentialIdOf, keptConnections } from '../../nodes/n8n/keeping';
import { sshOptions } from '../../nodes/n8n/sshOptions';
import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { chain, type N8n, type RunResult } from '../support/n8n';
import {
  ACCOUNT,
  checks,
  CREDENTIAL,
  credentialFor,
  HOT_DEPLOY,
  hotDeploy,
  onlyJson,
  openN8n,
  ROLLBACK,
} from '../support/nodes';
import { startRelay, type Relay, startSshd, type Sshd } from '../support/sshd';

const VARIABLE = 'N8N_HOT_DEPLOY_KEEP_CONNECTIONS_SECONDS';
const make = temporaryDirectories();
let sshd: Sshd;
/** Has one session for each connection, and shows an RSA key. */
let narrow: Sshd;
let relay: Relay;
let n8n: N8n;
let onMessage: (line: string) => void = () => undefined;
let basePath: string;
let source: string;

beforeAll(async () => {
  sshd = await startSshd();
  narrow = await startSshd({ config: ['MaxSessions 1', 'HostKeyAlgorithms rsa-sha2-512'] });
  [source] = await engineVersions(make, 'base');
  basePath = await make('app');
});

beforeEach(async () => {
  relay = await startRelay(sshd.port);
  n8n = await openWith();
});

afterEach(async () => {
  delete process.env[VARIABLE];
  await n8n.close();
  await relay.close();
});

afterAll(async () => {
  await sshd.stop();
  await narrow.stop();
});

const credential = (changes: ICredentialDataDecryptedObject = {}) =>
  credentialFor(sshd, { port: relay.port, ...changes });

const openWith = (changes: ICredentialDataDecryptedObject = {}) =>
  openN8n(credential(changes), { onConsole: ({ messages }) => onMessage(String(messages[0])) });

const status = (parameters: IDataObject = {}, rest: Partial<INode> = {}, engine = n8n): Promise<RunResult> =>
  engine.run(chain(hotDeploy({ operation: 'status', basePath, ...parameters }, rest)));

/** How many connections n8n makes while `work` lasts. */
async function made(work: () => Promise<unknown>): Promise<number> {
  const before = relay.connections;
  await work();
  return relay.connections - before;
}

const isDone = async (running: Promise<RunResult>) =>
  expect(onlyJson(await running)).toMatchObject({ host: '127.0.0.1' });

describe('P8: executions of one n8n share a connection', () => {
  test('one after the other, whatever the node and the list in the editor', async () => {
    const several = async () => {
      await isDone(status());
      await isDone(status());
      await n8n.listSearch(ROLLBACK, 'searchReleases', {
        parameters: { basePath, connection: 'ssh', options: { python: PYTHON } },
        credentials: ACCOUNT,
      });
    };
    expect(await made(several)).toBe(1);
  });

  test('at a time', async () => {
    expect(await made(() => Promise.all([isDone(status()), isDone(status()), isDone(status())]))).toBe(1);
  });

  test('until nobody used it for as long as the variable says', async () => {
    process.env[VARIABLE] = '0.2';
    const from = sshd.log().length;
    await isDone(status());
    expect(keptConnections.size).toBe(1);
    await sshd.logged(/Disconnected from user/, from);
    expect(await made(() => isDone(status()))).toBe(1);
  });

  test('not at all with 0', async () => {
    process.env[VARIABLE] = '0';
    const from = sshd.log().length;
    await isDone(status());
    await sshd.logged(/Disconnected from user/, from);
    expect(keptConnections.size).toBe(0);
    expect(await made(() => isDone(status()))).toBe(1);
  });

  test.each(['soon', '-1', '601'])('a variable that is %s is named', async (value) => {
    process.env[VARIABLE] = value;
    expect((await status()).error('Hot Deploy')?.message).toMatch(
      new RegExp(`^${VARIABLE} is "${value}"\\. Give a number (that is 0 or more|from 0 to 600)\\.$`),
    );
  });

  test('the credential’s test keeps none', async () => {
    expect(await n8n.testCredential(HOT_DEPLOY, CREDENTIAL, credential())).toMatchObject({ status: 'OK' });
    expect(keptConnections.size).toBe(0);
  });
});

describe('P7: nobody gets the connection of another credential', () => {
  test('neither of one with the same content and another id, nor of one without', async () => {
    await isDone(status());
    const other = { credentials: { [CREDENTIAL]: { id: '2', name: 'Engine host' } } };
    const none = { credentials: { [CREDENTIAL]: { id: null, name: 'Engine host' } } };
    expect(await made(() => isDone(status({}, other)))).toBe(1);
    expect(await made(() => isDone(status({}, none)))).toBe(1);
    expect(await made(() => isDone(status({}, none)))).toBe(1);
    expect(await made(() => isDone(status()))).toBe(0);
  });

  test('nor once the content has changed: what it no longer opens, or trusts, stays closed', async () => {
    await isDone(status());
    const opened: N8n[] = [];
    const refused = async (changes: ICredentialDataDecryptedObject, message: RegExp) => {
      const changed = await openWith(changes);
      opened.push(changed);
      expect((await status({}, {}, changed)).error('Hot Deploy')?.message).toMatch(message);
    };
    await refused({ hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` }, /is pinned in/);
    await refused({ authentication: 'password', password: 'wrong' }, /does not accept passwords/);
    await refused({ username: 'nobody-here' }, /does not accept the private key/);
    expect(await made(() => isDone(status()))).toBe(0);
    for (const each of opened) await each.close();
  });

  test('nor on another host', async () => {
    await isDone(status());
    expect(await made(() => status({ hostOverride: 'localhost' }))).toBe(1);
  });

  test('a host that answers with another key from now on is refused', async () => {
    await isDone(status());
    relay.target = narrow.port;
    await isDone(status());
    relay.cut();
    expect((await status()).error('Hot Deploy')?.message).toMatch(/ presented the host key .* is pinned in/);
  });

  test('every field counts, in whatever order; the key tells none of them', () => {
    const content = { host: 'a', port: 22, username: 'u', authentication: 'password', password: 'p4ssw0rd' };
    const keyOf = (credentialId: string, fields: ICredentialDataDecryptedObject, override?: string) =>
      connectionKey({ credentialId, credential: fields, options: sshOptions(fields, override) });
    const key = keyOf('1', content);
    expect(keyOf('1', Object.fromEntries(Object.entries(content).reverse()))).toBe(key);
    const changes = {
      host: 'b',
      port: 23,
      username: 'v',
      authentication: 'privateKey',
      password: 'P4ssw0rd',
    };
    const others = Object.entries({ ...changes, jumpHost: 'c', access: 'readOnly', become: 'sudo' }).map(
      ([name, value]) => keyOf('1', { ...content, [name]: value }),
    );
    const all = [key, keyOf('2', content), keyOf('1', content, 'c'), ...others];
    expect(new Set(all).size).toBe(all.length);
    expect(key).not.toContain('p4ssw0rd');
    expect(key).toHaveLength(44);
  });

  test('an id that an expression gives is none', () => {
    expect(['7', '={{ $json.id }}', '', null, undefined].map(credentialIdOf)).toEqual(['7', ...Array(4)]);
  });
});

/** Deploys to an engine of its own, with a check that waits until `go` is called. */
async function waiting(signal?: AbortSignal) {
  const [path, marker] = [await make('engine'), join(await make('marker'), 'go')];
  const code = `import os, time\nprint("at work", flush=True)\nwhile not os.path.exists("${marker}"): time.sleep(0.02)`;
  const check = { type: 'python', name: 'wait', code, when: 'before', timeoutSeconds: 50 };
  const atWork = new Promise<void>((resolve) => {
    const others = onMessage;
    onMessage = (line) => {
      others(line);
      if (line.startsWith(`${path}: wait: at work`)) resolve();
    };
  });
  const node = hotDeploy({ basePath: path, sourceDirectory: source, checks: checks(check) });
  const running = n8n.run(chain(node), { signal });
  await atWork;
  return { running, go: () => writeFileSync(marker, '') };
}

describe('in doubt', () => {
  test('P5: a connection that died meanwhile is replaced, and nobody hears of it', async () => {
    await isDone(status());
    relay.cut();
    expect(await made(() => isDone(status()))).toBe(1);
    relay.cut();
    while (keptConnections.size > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await made(() => isDone(status()))).toBe(1);
  });

  test('P8: who stops one execution leaves another one’s alone, and the connection is good for more', async () => {
    const abort = new AbortController();
    const [stopped, other] = [await waiting(abort.signal), await waiting()];
    abort.abort();
    expect((await stopped.running).status).toBe('canceled');
    other.go();
    expect(onlyJson(await other.running)).toMatchObject({ status: 'deployed' });
    await isDone(status());
    expect(relay.connections).toBe(1);
  });

  test('P8: a host that opens no further session over a connection gets a further connection', async () => {
    const narrowN8n = await openN8n(credentialFor(narrow, { hostKeyFingerprint: narrow.fingerprints.rsa }));
    const from = narrow.log().length;
    const several = Array.from({ length: 4 }, () => isDone(status({}, {}, narrowN8n)));
    await Promise.all(several);
    const log = narrow.log().slice(from);
    expect(log).toContain('no more sessions');
    const logins = log.match(/Accepted publickey/g)?.length ?? 0;
    expect(logins).toBeGreaterThan(1);
    expect(logins).toBeLessThanOrEqual(4);
    await isDone(status({}, {}, narrowN8n));
    expect(
      narrow
        .log()
        .slice(from)
        .match(/Accepted publickey/g),
    ).toHaveLength(logins);
  });

  test('P5: a host that opens no session at all says so', async () => {
    const none = await startSshd({ config: ['MaxSessions 0'] });
    const closedN8n = await openN8n(credentialFor(none));
    expect((await status({}, {}, closedN8n)).error('Hot Deploy')?.message).toMatch(
      /refused to start a command \(.*open failed\); look into the log of sshd there\.$/,
    );
    await closedN8n.close();
    await none.stop();
  });
});
