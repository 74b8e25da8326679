import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';

import type { Verb } from '../../../nodes/shared/contract/verbs';
import { lock, RawConversation } from '../../support/conversation';
import { inConversation, temporaryDirectories } from '../../support/deployment';
import { LiveEngine, RESERVED, row } from '../../support/liveEngine';
import { treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asEntrypoint } from '../../support/named';

const make = temporaryDirectories();
const engine = LiveEngine.forAllTests();

describe('P7: names that are none', () => {
  const ids = [
    '../../etc',
    '..',
    '',
    '/etc',
    '20261123-171501-3f2a9c1/..',
    '20261123-171501-3f2a9c1\n',
    '20261123-171501-3F2A9C1',
    null,
    7,
    { a: 1 },
  ];

  it.each(ids)('the release %j is refused by every step', async (release) => {
    const steps: Array<[string, object]> = [
      ['archive', { release }],
      ['run', { release, kind: 'compile' }],
      ['run', { release, kind: 'command', command: 'true' }],
      ['flip', { release, operation: 'deploy', entrypoint: 'run.py' }],
      ['remove', { releases: [release] }],
      ['describe', { release, fields: {} }],
      ['entries', { basePath: engine.basePath, release }],
      ['texts', { basePath: engine.basePath, release, paths: [] }],
      ['compareReleases', { basePath: engine.basePath, release, against: null }],
    ];
    if (release)
      steps.push(
        ['compare', { basePath: engine.basePath, release, entries: [], sameDirectories: [] }],
        ['unpack', { live: release, time: '20261123-171501', backup: 'x.tar.gz' }],
        [
          'receive',
          {
            live: release,
            time: '20261123-171501',
            digest: 'abcdef0',
            needed: [],
            keep: [],
          },
        ],
      );
    for (const [verb, args] of steps) {
      expect({ verb, code: (await thrownBy(engine.ask(verb, args))).code }).toEqual({ verb, code: 'INPUT' });
    }
  });

  it.each(['../../etc', '../x.tar.gz', '/etc/x.tar', '.x.tar.gz', 'x', '', 'a b.tar.gz', null, 7])(
    'the backup %j is refused',
    async (backup) => {
      const args = { time: '20261123-171501', live: null, backup };
      expect((await thrownBy(engine.ask('unpack', args))).code).toBe('INPUT');
      expect((await thrownBy(engine.ask('remove', { backups: [backup] }))).code).toBe('INPUT');
    },
  );

  it.each(['../../20261123-171501', '', 'x/y', 7])('the time %j is refused', async (time) => {
    expect((await thrownBy(engine.announce([row('a')], { time } as object))).code).toBe('INPUT');
  });

  it.each([
    '../run.py',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    'a,..',
    '..',
    '.',
    ...RESERVED,
    'current/a',
    '\0',
    null,
  ])('the entrypoint %j is refused', async (entrypoint) => {
    const thrown = await thrownBy(
      engine.ask('flip', { release: engine.live, operation: 'deploy', entrypoint }),
    );
    expect(thrown.code).toBe('INPUT');
    expect(await engine.client.call('list', { basePath: asBasePath(engine.basePath) })).toMatchObject({
      current: engine.live,
      unconfirmed: null,
    });
  });

  it.each(['../x', 'a/../b', '', 'current', 'releases/x', null])(
    'the name %j is not adopted',
    async (name) => {
      const args = { time: '20261123-171501', names: [name], entrypoint: 'run.py' };
      expect((await thrownBy(engine.ask('copyPlain', args))).code).toBe('INPUT');
    },
  );

  it.each(['/', '//', '/.', '/tmp/..', '/tmp/../..', 'app', './app', '../app', '', '/app\0', null, 7])(
    'the base path %j is refused',
    async (given) => {
      const args = { basePath: given, create: true, holder: {}, waitSeconds: 0, entrypoint: 'run.py' };
      for (const verb of ['probe', 'list', 'lock']) {
        const thrown = await inConversation((other) => thrownBy(other.call(verb as Verb, args as never)));
        expect({ verb, code: thrown.code }).toEqual({ verb, code: 'INPUT' });
      }
    },
  );
});

it('one conversation serves one base path', async () => {
  expect(
    (await thrownBy(engine.ask('probe', { basePath: dirname(engine.basePath), entrypoint: 'run.py' })))
      .message,
  ).toBe(`One conversation serves one base path, and this one serves ${engine.basePath}.`);
});

it.each(['releases', 'backups', '.hot-deploy', '.hot-deploy/staging', '.hot-deploy/releases'])(
  'P7: nothing is done through %s when it is a link',
  async (name) => {
    const [app, elsewhere] = [await make(), await make()];
    writeFileSync(join(elsewhere, 'precious'), '');
    mkdirSync(dirname(join(app, name)), { recursive: true });
    symlinkSync(elsewhere, join(app, name));
    expect(await inConversation((other) => thrownBy(lock(other, app)))).toMatchObject({
      code: 'STEP',
      message: `${join(app, name)} is a link. Move it away, then run again.`,
    });
    expect(readdirSync(elsewhere)).toEqual(['precious']);
  },
);

it('P2: every step that changes something wants the lock first', async () => {
  const before = treeOf(engine.basePath);
  const steps = [
    'receive',
    'unpack',
    'assemble',
    'run',
    'copyPlain',
    'adopt',
    'drain',
    'flip',
    'confirm',
    'revert',
    'archive',
    'remove',
    'describe',
    'noteRefusal',
    'repair',
    'detach',
    'attach',
    'dismantle',
    'missingPackages',
    'environment',
  ];
  await inConversation(async (other) => {
    await other.call('probe', { basePath: asBasePath(engine.basePath), entrypoint: asEntrypoint('run.py') });
    for (const verb of steps) {
      const thrown = await thrownBy(
        other.call(verb as Verb, { release: engine.live, entrypoint: 'run.py' } as never),
      );
      expect({ verb, message: thrown.message }).toEqual({
        verb,
        message: 'This step changes the engine and needs its lock first.',
      });
    }
  });
  expect(treeOf(engine.basePath)).toEqual(before);
});

it('an unknown step is refused, and the conversation goes on', async () => {
  for (const verb of ['nonsense', '__class__', '', 'list_releases', 'VERBS']) {
    expect(await thrownBy(engine.ask(verb, {}))).toMatchObject({ code: 'STEP' });
  }
  expect(await engine.client.call('list', { basePath: asBasePath(engine.basePath) })).toMatchObject({
    current: engine.live,
  });
});

it('P5: whatever is asked, there is an answer, or the executor leaves and frees the lock', async () => {
  const app = await make();
  const verbs = [
    'lock',
    'probe',
    'list',
    'entries',
    'previewAdoption',
    'texts',
    'compareDirectories',
    'compare',
    'compareReleases',
    'receive',
    'unpack',
    'run',
    'flip',
    'confirm',
    'revert',
    'archive',
    'remove',
    'describe',
    'noteRefusal',
    'runs',
    'holdRelease',
    'openRun',
    'runEngine',
    'readRun',
    'closeRun',
    'stopRuns',
    'inspect',
    'repair',
    'detach',
    'attach',
    'dismantle',
  ];
  const request = fc.record({
    verb: fc.oneof(fc.constantFrom(...verbs), fc.jsonValue()),
    args: fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom(
          'basePath',
          'release',
          'entries',
          'live',
          'kind',
          'time',
          'what',
          'path',
          'entrypoint',
        ),
        fc.jsonValue(),
      ),
    ),
    group: fc.option(fc.constantFrom(1, 2)),
    required: fc.boolean(),
  });
  let raw = await RawConversation.open();
  await lock(raw, app);
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      if (asked.verb === null) return;
      const answer = await raw.ask(asked);
      expect(typeof answer.ok).toBe('boolean');
    }),
    { numRuns: 300 },
  );
  raw.channel.stdin.end();
  expect(await raw.ended()).toMatchObject({ reverted: false });
  await raw.channel.exit;
  raw = await RawConversation.open();
  await lock(raw, app);
  raw.channel.stdin.end();
  await raw.channel.exit;
});
