import type { PushItem } from '../../../nodes/shared/push/receive';
import { createReferenceFilter } from '../../../nodes/shared/push/references';
import type { Forge } from '../../../nodes/shared/push/push';
import { CLONE_URLS, FIRST, HEAD, type Payload, payloadOf, TAG_OBJECT, ZEROS } from '../../support/pushes';
import { emitted, received, type TriggerOptions } from '../../support/triggers';
import { asCommit } from '../../support/named';

const TAGS: TriggerOptions = { selects: createReferenceFilter('refs/tags/v*, main', ['branch']) };

const CHANGED = {
  added: ['src/headings.py'],
  modified: ['README.md', 'src/matcher.py'],
  removed: ['docs/old.md'],
  counts: { added: 1, modified: 2, removed: 1 },
};
const NOTHING = { added: [], modified: [], removed: [], counts: { added: 0, modified: 0, removed: 0 } };

const common = (forge: Forge): Partial<PushItem> => ({
  event: 'push',
  forge,
  repository: forge === 'gitlab' ? 'acme/tools/engine' : 'acme/engine',
  cloneUrl: CLONE_URLS[forge],
  reference: 'refs/heads/main',
  branch: 'main',
  tag: null,
  commit: asCommit(HEAD),
  before: asCommit(FIRST),
  created: false,
  pusher: 'ada',
  deploy: 'hot',
  delivery: 'd-1',
});

test.each<[Forge, Partial<PushItem>]>([
  [
    'github',
    {
      forced: false,
      message: 'Explain the new option\n\nCloses #12',
      changedPaths: CHANGED,
      pathsKnown: true,
    },
  ],
  ['gitlab', { forced: null, message: 'Explain the new option', changedPaths: CHANGED, pathsKnown: false }],
  ['gitea', { forced: null, message: 'Explain the new option', changedPaths: CHANGED, pathsKnown: false }],
  [
    'bitbucket',
    { forced: false, message: 'Explain the new option', changedPaths: NOTHING, pathsKnown: false },
  ],
])('%s: a push comes out in one shape', (forge, own) => {
  const item = emitted(forge, payloadOf(forge), {}, { delivery: 'd-1' });
  expect(item).toEqual({ ...common(forge), ...own });
});

test.each<[Forge, () => Payload]>([
  ['github', () => payloadOf('github-tag')],
  ['gitlab', () => payloadOf('gitlab-tag')],
  [
    'gitea',
    () => ({
      ...payloadOf('gitea'),
      ref: 'refs/tags/v1.4.0',
      before: ZEROS,
      after: TAG_OBJECT,
      commits: [],
      total_commits: 0,
    }),
  ],
])('%s: an annotated tag is new, and comes with the commit that it names', (forge, payload) => {
  const item = emitted(forge, payload(), TAGS, { event: forge === 'gitlab' ? 'Tag Push Hook' : 'push' });
  expect(item).toMatchObject({
    reference: 'refs/tags/v1.4.0',
    branch: null,
    tag: 'v1.4.0',
    commit: HEAD,
    before: null,
    created: true,
    pathsKnown: false,
    deploy: 'hot',
  });
});

test('bitbucket: every reference of a push is decided on for itself', () => {
  const { answer, items } = received('bitbucket', payloadOf('bitbucket-several'), TAGS);
  expect(items.map(({ reference, commit, created }) => [reference, commit, created])).toEqual([
    ['refs/heads/main', HEAD, false],
    ['refs/tags/v1.4.0', HEAD, true],
  ]);
  expect(answer).toMatchObject({
    decision: 'accepted',
    reason: '2 of 4 references are acted on.',
    deploy: 'hot',
    pushes: [
      { reference: 'refs/heads/main', decision: 'accepted' },
      { reference: 'refs/tags/v1.4.0', decision: 'accepted' },
      { reference: 'refs/heads/old-idea', decision: 'ignored' },
      { reference: 'refs/heads/next', decision: 'ignored' },
    ],
  });
});

test('bitbucket: one unusable name refuses the whole push, and none of it counts as acted on', () => {
  const payload = payloadOf('bitbucket-several');
  payload.push.changes[3].new.name = 'next..';
  const store = {};
  expect(received('bitbucket', payload, { ...TAGS, store }).refusal?.status).toBe(400);
  expect(store).toEqual({});
});

const deleted: Record<Forge, (payload: Payload) => void> = {
  github: (payload) =>
    Object.assign(payload, { after: ZEROS, deleted: true, head_commit: null, commits: [] }),
  gitlab: (payload) =>
    Object.assign(payload, { after: ZEROS, checkout_sha: null, commits: [], total_commits_count: 0 }),
  gitea: (payload) =>
    Object.assign(payload, { after: ZEROS, head_commit: null, commits: [], total_commits: 0 }),
  bitbucket: ({ push }) => Object.assign(push.changes[0], { new: null, closed: true, commits: [] }),
};

test.each(Object.entries(deleted))('%s: a deletion is ignored', (forge, change) => {
  const payload = payloadOf(forge);
  change(payload);
  const { answer, items } = received(forge as Forge, payload, { emitAll: true });
  expect(items).toEqual([]);
  expect(answer).toMatchObject({ decision: 'ignored', reason: 'The branch "main" was deleted.' });
});

const created: Record<Forge, (payload: Payload) => void> = {
  github: (payload) => Object.assign(payload, { before: ZEROS, created: true }),
  gitlab: (payload) => Object.assign(payload, { before: ZEROS }),
  gitea: (payload) => Object.assign(payload, { before: ZEROS }),
  bitbucket: ({ push }) => Object.assign(push.changes[0], { old: null, created: true }),
};

test.each(Object.entries(created))('%s: a new branch is one, with unknown changes', (forge, change) => {
  const payload = payloadOf(forge);
  change(payload);
  const item = emitted(forge as Forge, payload, { neverForced: true });
  expect(item).toMatchObject({ created: true, before: null, commit: HEAD, pathsKnown: false, deploy: 'hot' });
});

test.each<[Forge, (payload: Payload) => void]>([
  ['github', (payload) => Object.assign(payload, { forced: true })],
  ['bitbucket', ({ push }) => Object.assign(push.changes[0], { forced: true })],
])('%s: a forced push is one, with unknown changes', (forge, change) => {
  const payload = payloadOf(forge);
  change(payload);
  const item = emitted(forge, payload, { neverForced: true });
  expect(item).toMatchObject({ forced: true, pathsKnown: false, deploy: 'hot' });
});

test.each<[Forge, string, (payload: Payload) => void]>([
  ['github', '2,048 commits', (payload) => (payload.commits = Array(2048).fill(payload.commits[1]))],
  [
    'github',
    '20 commits, once the limit',
    (payload) => (payload.commits = Array(20).fill(payload.commits[1])),
  ],
  ['github', 'no commit', (payload) => (payload.commits = [])],
  ['github', 'a commit without its paths', (payload) => delete payload.commits[0].modified],
  ['gitlab', 'fewer commits than were pushed', (payload) => (payload.total_commits_count = 21)],
  ['gitlab', 'no number of commits', (payload) => delete payload.total_commits_count],
  ['gitea', 'fewer commits than were pushed', (payload) => (payload.total_commits = 6)],
  ['gitea', 'no number of commits', (payload) => delete payload.total_commits],
  ['gitea', 'null in place of paths', (payload) => (payload.commits[1].added = null)],
])('%s: %s leave the changed paths unknown', (forge, _what, change) => {
  const payload = payloadOf(forge);
  for (const commit of payload.commits)
    Object.assign(commit, { added: [], removed: [], modified: ['README.md'] });
  const known = received(forge, payload, { neverForced: true }).answer;
  expect(known).toMatchObject({ decision: 'ignored', deploy: 'standard' });
  change(payload);
  expect(emitted(forge, payload, { neverForced: true })).toMatchObject({ pathsKnown: false, deploy: 'hot' });
});

test.each([
  ['github', 'ping', 'github-ping'],
  ['gitea', 'ping', 'github-ping'],
] as const)('%s: a ping is answered kindly', (forge, event, payload) => {
  const { answer, items } = received(forge, payloadOf(payload), {}, { event });
  expect(items).toEqual([]);
  expect(answer).toEqual({ decision: 'ignored', reason: expect.stringMatching(/^Hello! The secret fits/) });
});

test.each<[Forge, string, Payload]>([
  ['github', 'issues', { action: 'opened', issue: {} }],
  ['gitea', 'create', { ref: 'main', ref_type: 'branch' }],
  ['gitlab', 'Issue Hook', { object_kind: 'issue' }],
  ['bitbucket', 'pullrequest:created', { pullrequest: {} }],
])('%s: another event, %s, is ignored', (forge, event, payload) => {
  const { answer, items } = received(forge, payload, {}, { event });
  expect(items).toEqual([]);
  expect(answer?.reason).toBe(
    `Only pushes are acted on, and this is ${JSON.stringify(event)}; choose no other events in the webhook’s settings.`,
  );
});

test('gitlab: what the body says decides, since the header is not signed', () => {
  const options = { event: 'Push Hook' };
  expect(received('gitlab', { ...payloadOf('gitlab'), object_kind: 'issue' }, {}, options).items).toEqual([]);
});

test('gitea: its test delivery, which moves nothing, starts nothing', () => {
  const payload = payloadOf('gitea');
  payload.before = payload.after;
  const { answer, items } = received('gitea', payload);
  expect(items).toEqual([]);
  expect(answer).toMatchObject({
    decision: 'ignored',
    deploy: 'none',
    reason: 'The reference is where it was.',
  });
});

test('github: a form, its default content type, is read like JSON', () => {
  const form = new URLSearchParams({ payload: JSON.stringify(payloadOf('github')) }).toString();
  const item = emitted('github', form, {}, { contentType: 'application/x-www-form-urlencoded' });
  expect(item).toMatchObject({ commit: HEAD, changedPaths: CHANGED });
});

test.each(['github', 'gitlab', 'gitea'] as const)('%s: commits in SHA-256 are commits', (forge) => {
  const text = JSON.stringify(payloadOf(forge))
    .replaceAll(HEAD, 'ab'.repeat(32))
    .replaceAll(FIRST, 'cd'.repeat(32));
  expect(emitted(forge, text)).toMatchObject({ commit: 'ab'.repeat(32), before: 'cd'.repeat(32) });
});
