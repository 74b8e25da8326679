import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { LiveEngine, RESERVED, row } from '../../support/liveEngine';
import { thrownBy } from '../../support/thrown';

const engine = LiveEngine.forAllTests();

const link = (path: string, target: unknown): unknown => row(path, { 1: 'link', 5: target });

describe('P7: an entry that would not stay inside the release', () => {
  const paths: unknown[] = [
    ...[
      '../x',
      '/x',
      '/etc/passwd',
      'a/../../x',
      'a/..',
      '..',
      '.',
      './a',
      'a/./b',
      'a//b',
      'a/',
      '',
      '\0',
      'a\0b',
    ],
    ...RESERVED.flatMap((name) => [name, `${name}/x`]),
    ...[null, 7, {}, ['a']],
  ];

  it.each(paths)('the path %j is refused', async (path) => {
    expect(await thrownBy(engine.announce([row(path)]))).toMatchObject({ code: 'INPUT' });
  });

  it.each([
    ['a', '/etc/passwd'],
    ['a', '..'],
    ['a', '../outside'],
    ['a/b', '../../outside'],
    ['a/b', 'c/../../../outside'],
    ['a', ''],
    ['a', 'x\0'],
    ['a', null],
  ])('the link %j to %j is refused', async (path, target) => {
    const thrown = await thrownBy(engine.announce([link(path, target)]));
    expect(thrown).toMatchObject({ code: 'INPUT', message: expect.stringContaining('the release') });
  });

  it.each([7, {}, ['b']])('a link to %j has not the form of one', async (target) => {
    expect(await thrownBy(engine.announce([link('a', target)]))).toMatchObject({
      code: 'INPUT',
      message: 'The step compare (entries) has another form than it should.',
    });
  });

  it.each<[string, unknown[]]>([
    ['by a link to the top', [link('a/up', '..'), link('b', 'a/up/../x')]],
    ['by two links', [link('d/e/f/up', '../../..'), link('g', 'd/e/f/up/..')]],
    ['whatever the order', [link('z', 'a/b/up/../..'), link('a/b/up', '../..')]],
    [
      'by a link that goes nowhere by itself',
      [link('a/b', 'missing/../../c'), link('c', 'a'), link('d', 'c/b/../../x')],
    ],
  ])('a link that leaves through others is refused (%s)', async (_name, entries) => {
    expect(await thrownBy(engine.announce(entries))).toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(/is outside the release/),
    });
  });

  it('links in a circle are refused', async () => {
    const entries = [link('a', 'b'), link('b', 'a')];
    expect((await thrownBy(engine.announce(entries))).message).toMatch(/leads in a circle/);
  });

  it('links that stay inside are taken', async () => {
    const entries = [link('a/up', '..'), link('b', 'a/up/c'), link('c', 'missing'), link('d/e', '../a/../c')];
    await engine.announce(entries);
  });

  it.each<[string, unknown[]]>([
    ['a link', [link('a', 'b'), row('a/x')]],
    ['a file', [row('a/x/y'), row('a')]],
  ])('an entry below %s is refused', async (_name, entries) => {
    expect((await thrownBy(engine.announce(entries))).message).toMatch(
      /lies below a, which is not a directory/,
    );
  });

  it('a path that is listed twice is refused, and a kind that is none', async () => {
    expect((await thrownBy(engine.announce([row('a'), row('a')]))).code).toBe('INPUT');
    for (const kind of ['device', 'fifo', '', null]) {
      expect((await thrownBy(engine.announce([row('a', { 1: kind })]))).code).toBe('INPUT');
    }
  });
});

describe('P7: files that are kept from the live release', () => {
  it.each(['../x', '../../../outside', '/etc/passwd', 'current/x', ''])('%j is refused', async (path) => {
    const target = join(dirname(engine.basePath), 'planted');
    await engine.announce([row('run.py')], { live: engine.live, keep: [path, target] } as object);
    const assembled = engine.ask('assemble', { encoding: 'identity', record: {} });
    await engine.client.sendContent(nothing());
    expect(await thrownBy(assembled)).toMatchObject({ code: 'INPUT' });
    expect(existsSync(target)).toBe(false);
  });

  it('one below what is a file or link now is refused, not written through', async () => {
    for (const entry of [row('src'), link('src', 'other')]) {
      await engine.announce([row('run.py'), entry], { live: engine.live, keep: ['src/a.py'] } as object);
      const assembled = engine.ask('assemble', { encoding: 'identity', record: {} });
      await engine.client.sendContent(nothing());
      expect((await thrownBy(assembled)).message).toBe('src/a.py lies below src, which is not a directory.');
    }
  });
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
