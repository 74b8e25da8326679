import { inspect } from 'node:util';

import type { ICredentialDataDecryptedObject, IDataObject, INode } from 'n8n-workflow';

import type { Forge } from '../../nodes/shared/push/push';
import { FORGES } from '../../nodes/shared/push/push';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { line, type N8n, type NodeFixture, type WebhookServer } from '../support/n8n';
import { hotDeploy, openN8n, pushTrigger, TRIGGER, WEBHOOK_CREDENTIAL } from '../support/nodes';
import { CLONE_URLS, deliver, HEAD, payloadOf, SECRET, SIGNING_TOKEN } from '../support/pushes';

const make = temporaryDirectories();
const opened: Array<{ close(): Promise<void> }> = [];
const logged: unknown[] = [];

afterEach(async () => {
  while (opened.length > 0) await opened.pop()?.close();
  logged.length = 0;
});

interface Setup {
  parameters?: IDataObject;
  secret?: unknown;
  rest?: Partial<INode>;
  next?: NodeFixture;
}

const END: NodeFixture = { name: 'End', type: 'n8n-nodes-base.noOp' };

async function open(secret: unknown = SECRET): Promise<N8n> {
  const credentials = { [WEBHOOK_CREDENTIAL]: { secret } as ICredentialDataDecryptedObject };
  const n8n = await openN8n({}, { credentials, onLog: (...entry) => logged.push(entry) });
  opened.push(n8n);
  return n8n;
}

async function listen({
  parameters = {},
  secret,
  rest = {},
  next = END,
}: Setup = {}): Promise<WebhookServer> {
  const n8n = await open(secret);
  const server = await n8n.listen(line(pushTrigger(parameters, rest), next), 'Push');
  opened.push(server);
  return server;
}

test.each(FORGES)('%s: a push starts the workflow, and the forge is told so', async (forge) => {
  const server = await listen();
  const { status, json } = await server.post(deliver(forge, payloadOf(forge), { delivery: 'd-1' }));
  expect({ status, json }).toMatchObject({ status: 200, json: { decision: 'accepted', deploy: 'hot' } });
  expect(server.runs.map((run) => run.status)).toEqual(['success']);
  expect(server.runs[0].output('End').map((item) => item.json)).toEqual([
    expect.objectContaining({
      forge,
      cloneUrl: CLONE_URLS[forge],
      commit: HEAD,
      branch: 'main',
      deploy: 'hot',
      delivery: 'd-1',
    }),
  ]);
});

test('bitbucket: a push of several references starts it with an item for each that is acted on', async () => {
  const server = await listen({ parameters: { references: 'main, refs/tags/**' } });
  const { json } = await server.post(deliver('bitbucket', payloadOf('bitbucket-several')));
  expect(json).toMatchObject({ decision: 'accepted', reason: '2 of 4 references are acted on.' });
  expect(server.runs[0].output('End').map((item) => item.json.reference)).toEqual([
    'refs/heads/main',
    'refs/tags/v1.4.0',
  ]);
});

const tampered = (forge: Forge) => {
  const { headers, body } = deliver(forge, payloadOf(forge));
  return forge === 'gitlab'
    ? { headers: { ...headers, 'x-gitlab-token': 'a-guess' }, body }
    : { headers, body: Buffer.concat([body, Buffer.from(' ')]) };
};

test.each(FORGES)('P7: %s: what was tampered with is refused, and leaves nothing behind', async (forge) => {
  const server = await listen();
  expect(await server.post(tampered(forge))).toEqual({
    status: 401,
    json: { decision: 'refused', reason: expect.stringMatching(/^The signature doesn’t fit;.*\.$/) },
  });
  expect(server).toMatchObject({ runs: [], thrown: [], staticData: {} });
});

test('P7: GitLab’s signing token is verified over the bytes that came in', async () => {
  const server = await listen({ secret: SIGNING_TOKEN });
  // Other white space than what parsing and writing it again would give.
  const body = JSON.stringify(payloadOf('gitlab'), null, 3);
  expect((await server.post(deliver('gitlab', body, { secret: SIGNING_TOKEN }))).status).toBe(200);
  expect(server.runs).toHaveLength(1);
});

test.each<[string, Setup]>([
  ['the secret is empty', { secret: '' }],
  ['the secret is no text', { secret: { length: 20 } }],
  ['no credential is chosen', { rest: { credentials: undefined } }],
])('P7: everything is refused when %s', async (_title, setup) => {
  const server = await listen(setup);
  for (const secret of ['', SECRET]) {
    expect(await server.post(deliver('github', payloadOf('github'), { secret }))).toEqual({
      status: 403,
      json: { decision: 'refused', reason: 'No secret is set for this trigger, so it lets nothing in.' },
    });
  }
  expect(server).toMatchObject({ runs: [], thrown: [], staticData: {} });
});

test('P7: strangers can’t make n8n keep executions, however the trigger is set up', async () => {
  const server = await listen({ parameters: { repositories: '', references: '', include: '**' } });
  const { headers, body } = tampered('github');
  expect((await server.post({ headers, body })).status).toBe(401);
  expect((await server.post({ headers: {}, body: Buffer.from('x') })).status).toBe(401);
  const form = { ...headers, 'content-type': 'multipart/form-data; boundary=x' };
  expect((await server.post({ headers: form, body })).status).toBe(401);
  expect(server).toMatchObject({ runs: [], thrown: [] });
  // Its owner learns from a delivery that is genuine.
  expect((await server.post(deliver('github', payloadOf('github')))).status).toBe(500);
  expect(server.thrown).toEqual([
    expect.objectContaining({ message: expect.stringMatching(/^Repositories is empty;/) }),
  ]);
});

test('a body that is no JSON is refused with a sentence', async () => {
  const server = await listen();
  const answer = await server.post(deliver('github', 'hello', { contentType: 'text/plain' }));
  expect(answer).toMatchObject({
    status: 400,
    json: { reason: expect.stringMatching(/^The body is no JSON object;/) },
  });
  expect(server).toMatchObject({ runs: [], thrown: [] });
});

test('GitHub’s default content type, a form, is let in', async () => {
  const server = await listen();
  const form = new URLSearchParams({ payload: JSON.stringify(payloadOf('github')) }).toString();
  const contentType = 'application/x-www-form-urlencoded';
  expect((await server.post(deliver('github', form, { contentType }))).json).toMatchObject({
    decision: 'accepted',
  });
});

test('what is not acted on is answered, and starts nothing', async () => {
  const server = await listen({ parameters: { references: 'release/*' } });
  expect(await server.post(deliver('github', payloadOf('github')))).toEqual({
    status: 200,
    json: {
      decision: 'ignored',
      reason: 'The trigger is not set up for the branch "main".',
      pushes: [
        {
          reference: 'refs/heads/main',
          decision: 'ignored',
          reason: 'The trigger is not set up for the branch "main".',
        },
      ],
    },
  });
  const ping = await server.post(deliver('github', payloadOf('github-ping'), { event: 'ping' }));
  expect(ping).toMatchObject({
    status: 200,
    json: { decision: 'ignored', reason: expect.stringMatching(/^Hello!/) },
  });
  expect(server).toMatchObject({ runs: [], thrown: [], staticData: {} });
});

test('parameters decide: subdirectory, patterns, kinds, what is emitted, forced pushes', async () => {
  const subdirectory = await listen({ parameters: { subdirectory: 'tools/' } });
  expect((await subdirectory.post(deliver('github', payloadOf('github')))).json).toMatchObject({
    decision: 'ignored',
    deploy: 'standard',
  });
  const emitAll = await listen({ parameters: { include: 'lib/**', options: { emitAll: true } } });
  await emitAll.post(deliver('github', payloadOf('github')));
  expect(emitAll.runs[0].output('End')[0].json).toMatchObject({ deploy: 'standard', pathsKnown: true });
  const never = await listen({ parameters: { exclude: 'src', options: { neverForced: true } } });
  expect((await never.post(deliver('gitlab', payloadOf('gitlab')))).json).toMatchObject({
    deploy: 'standard',
  });
  const tags = await listen({ parameters: { references: 'v*', referenceKinds: ['tag'] } });
  await tags.post(deliver('github', payloadOf('github-tag')));
  expect(tags.runs[0].output('End')[0].json).toMatchObject({ tag: 'v1.4.0', branch: null, created: true });
  const gitlab = await listen({ parameters: { forge: 'gitlab' } });
  expect((await gitlab.post(deliver('github', payloadOf('github')))).status).toBe(401);
});

test('P9: a redelivered delivery is ignored, since the workflow remembers', async () => {
  const server = await listen();
  const delivery = deliver('github', payloadOf('github'));
  await server.post(delivery);
  expect(Object.keys(server.staticData)).toEqual(['node:Push']);
  expect((await server.post(delivery)).json).toMatchObject({
    decision: 'ignored',
    reason: 'This delivery was acted on before.',
  });
  expect(server.runs).toHaveLength(1);
});

test('P9: what two processes let through at once is deployed once', async () => {
  const [sourceDirectory] = await engineVersions(make, 'v2');
  const basePath = await make('app');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = basePath;
  const next = hotDeploy({ connection: 'local', basePath, sourceDirectory }, { credentials: undefined });
  // Neither knows what the other remembers, as in queue mode when both read before either wrote.
  const statuses: unknown[] = [];
  for (const server of [await listen({ next }), await listen({ next })]) {
    await server.post(deliver('github', payloadOf('github'), { delivery: 'the-same' }));
    statuses.push(server.runs[0].output('Hot Deploy')[0].json.status);
  }
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  expect(statuses).toEqual(['deployed', 'unchanged']);
});

test.each<[string, Setup, RegExp]>([
  ['no repository', { parameters: { repositories: ' ' } }, /^Repositories is empty; list/],
  [
    'a password in an address',
    { parameters: { repositories: 'https://a:b@c.de/e/f' } },
    /which others could read there/,
  ],
  ['no reference', { parameters: { references: '' } }, /^References is empty;/],
  ['no kind that exists', { parameters: { referenceKinds: ['note'] } }, /^Reference Kinds is "note"/],
  ['a pattern that owns everything', { parameters: { include: '**' } }, /^Include pattern/],
  ['a subdirectory outside', { parameters: { subdirectory: '../engine' } }, /^Subdirectory "\.\.\/engine"/],
  ['no forge that exists', { parameters: { forge: 'sourceforge' } }, /^Forge is "sourceforge"/],
  ['no secret', { secret: '' }, /^Secret is empty;/],
  ['a secret that can be guessed', { secret: 'secret' }, /^Secret has 6 characters/],
  ['a secret with a line end', { secret: `${SECRET}\n` }, /^Secret begins or ends with white space/],
  ['half a signing token', { secret: SIGNING_TOKEN.slice(0, 30) }, /is not a whole one/],
])('publishing with %s says so', async (_title, setup, message) => {
  const server = await listen(setup);
  await expect(server.publish()).rejects.toThrow(message);
});

test('publishing with everything there is well', async () => {
  await (await listen()).publish();
  await (await listen({ secret: SIGNING_TOKEN })).publish();
});

test.each<[string, 'OK' | 'Error', RegExp]>([
  [SECRET, 'OK', /^The secret can be used\. Whether the forge has the same shows/],
  [SIGNING_TOKEN, 'OK', /^The secret can be used\./],
  ['', 'Error', /^Secret is empty;/],
  ['short', 'Error', /^Secret has 5 characters/],
])('the credential’s test says what can be said of %j', async (secret, status, message) => {
  const n8n = await open();
  const result = await n8n.testCredential(TRIGGER, WEBHOOK_CREDENTIAL, { secret });
  expect(result).toEqual({ status, message: expect.stringMatching(message) });
});

test('P7: the secret is in no answer, run, log or memory', async () => {
  const server = await listen();
  const answers = [
    await server.post(deliver('gitlab', payloadOf('gitlab'))),
    await server.post(tampered('gitlab')),
    await server.post(deliver('github', payloadOf('github'))),
  ];
  const seen = [answers, server.runs.map(({ run }) => run), server.thrown, server.staticData, logged];
  const text = inspect(seen, { depth: 30, maxArrayLength: null, maxStringLength: null });
  expect(text).toContain(HEAD);
  expect(text).not.toContain(SECRET);
});
