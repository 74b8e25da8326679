import { createReferenceFilter } from '../../../nodes/shared/push/references';
import { createSelection } from '../../../nodes/shared/source/patterns';
import { parseRepositories } from '../../../nodes/shared/push/repositories';
import { type Payload, payloadOf } from '../../support/pushes';
import { emitted, received, type TriggerOptions } from '../../support/triggers';

interface Paths {
  added?: unknown[];
  modified?: unknown[];
  removed?: unknown[];
}

/** GitHub's push of commits that list these paths. */
function push(...commits: Paths[]): Payload {
  const payload = payloadOf('github');
  const [template] = payload.commits;
  payload.commits = commits.map((paths) => ({ ...template, added: [], modified: [], removed: [], ...paths }));
  return payload;
}

const deployOf = (payload: Payload, options: TriggerOptions = {}) =>
  received('github', payload, { emitAll: true, ...options }).answer?.deploy;

describe('deploy', () => {
  test.each<[string, Paths[]]>([
    ['hot', [{ modified: ['src/matcher.py'] }]],
    ['hot', [{ removed: ['src/deep/er/matcher.py'] }]],
    ['hot', [{ modified: ['README.md'] }, { added: ['config/new.json'] }]],
    ['hot', [{ added: ['run.py'] }]],
    ['standard', [{ modified: ['README.md'] }]],
    ['standard', [{ added: ['tests/src/matcher.py'], removed: ['docs/a.md'] }]],
    ['standard', [{ modified: ['srcs/matcher.py', 'run.pyc'] }]],
    ['none', [{}]],
    ['none', [{}, {}]],
  ])('is %s for %j', (deploy, commits) => {
    expect(deployOf(push(...commits))).toBe(deploy);
  });

  test('goes by include, exclude and subdirectory', () => {
    const selection = createSelection({ include: ['src/**', 'run.py'], exclude: ['src/tests'] });
    const options = { selection, subdirectory: 'tools/engine' };
    expect(deployOf(push({ modified: ['tools/engine/src/a.py'] }), options)).toBe('hot');
    expect(deployOf(push({ modified: ['tools/engine/src/tests/a.py'] }), options)).toBe('standard');
    expect(deployOf(push({ modified: ['src/a.py', 'tools/engines/src/a.py'] }), options)).toBe('standard');
    // What stands above the engine may be a submodule or a link that now leads somewhere else.
    expect(deployOf(push({ modified: ['tools'] }), options)).toBe('hot');
  });

  test('standard and none are only answered, unless every push is to be emitted', () => {
    for (const [deploy, payload] of [
      ['standard', push({ modified: ['README.md'] })],
      ['none', push({})],
    ] as const) {
      const { answer, items } = received('github', payload);
      expect(items).toEqual([]);
      expect(answer).toMatchObject({ decision: 'ignored', deploy, pushes: [{ deploy, pathsKnown: true }] });
      expect(emitted('github', payload, { emitAll: true })).toMatchObject({ deploy, pathsKnown: true });
    }
  });

  test('where the forge doesn’t say whether a push was forced, its paths count once that is ruled out', () => {
    for (const forge of ['gitlab', 'gitea'] as const) {
      const payload = payloadOf(forge);
      for (const commit of payload.commits) {
        Object.assign(commit, { added: [], removed: [], modified: ['README.md'] });
      }
      expect(emitted(forge, payload)).toMatchObject({ forced: null, pathsKnown: false, deploy: 'hot' });
      const { answer } = received(forge, payload, { neverForced: true });
      expect(answer).toMatchObject({ decision: 'ignored', deploy: 'standard' });
    }
  });
});

describe('changed paths', () => {
  test('are put together from all commits, in whatever order they are listed', () => {
    const payload = push(
      { added: ['src/new.py', 'src/brief.py'], modified: ['src/old.py', 'src/gone.py'] },
      { modified: ['src/new.py'], removed: ['src/brief.py', 'src/gone.py'] },
    );
    const expected = {
      added: ['src/new.py'],
      modified: ['src/brief.py', 'src/old.py'],
      removed: ['src/gone.py'],
    };
    expect(emitted('github', payload).changedPaths).toMatchObject(expected);
    payload.commits.reverse();
    expect(emitted('github', payload).changedPaths).toMatchObject(expected);
  });

  test('are shown up to 1,000 of a kind, and all of them counted', () => {
    const added = Array.from({ length: 1500 }, (_, index) => `src/m${index}.py`);
    const { changedPaths } = emitted('github', push({ added }));
    expect(changedPaths.added).toHaveLength(1000);
    expect(changedPaths.counts).toEqual({ added: 1500, modified: 0, removed: 0 });
  });

  test.each([['../../etc/passwd'], ['/etc/passwd'], ['a//b'], ['a\0b'], ['\uFFFD'], [''], [7], [null], [{}]])(
    'P7: %j is none, and leaves the changes unknown',
    (path) => {
      const item = emitted('github', push({ modified: ['README.md', path] }));
      expect(item).toMatchObject({
        pathsKnown: false,
        deploy: 'hot',
        changedPaths: { modified: ['README.md'] },
      });
    },
  );

  test('P8: a push of 200,000 paths is cut, and counts as unknown', () => {
    const modified = Array.from({ length: 200_000 }, (_, index) => `docs/${index}`);
    const { pathsKnown, changedPaths } = emitted('github', push({ modified }));
    expect(pathsKnown).toBe(false);
    expect(changedPaths.counts.modified).toBe(100_000);
  });
});

describe('references', () => {
  const selects = (list: string, kinds: Array<'branch' | 'tag'> = ['branch']) => {
    const filter = createReferenceFilter(list, kinds);
    return (reference: string) => {
      const payload = { ...push({ modified: ['src/a.py'] }), ref: reference };
      return received('github', payload, { selects: filter }).items.length === 1;
    };
  };

  test.each([
    ['main', 'refs/heads/main', true],
    ['main', 'refs/heads/main2', false],
    ['main', 'refs/heads/feature/main', false],
    ['main, release/*', 'refs/heads/release/1.4', true],
    ['release/*', 'refs/heads/release/1.4/fix', false],
    ['release/**', 'refs/heads/release/1.4/fix', true],
    ['refs/tags/v*\nmain', 'refs/tags/v1.4.0', true],
    ['refs/tags/v*', 'refs/heads/v1.4.0', false],
    ['v[0-9]*', 'refs/heads/v1', true],
    ['*', 'refs/heads/main', true],
  ])('%j and %s: %p', (list, reference, selected) => {
    expect(selects(list)(reference)).toBe(selected);
  });

  test('P7: a tag with the name of a branch is not the branch', () => {
    expect(selects('main')('refs/tags/main')).toBe(false);
    expect(selects('main', ['branch', 'tag'])('refs/tags/main')).toBe(true);
    expect(selects('main', ['tag'])('refs/heads/main')).toBe(false);
  });

  test('what is neither branch nor tag is ignored', () => {
    const { answer } = received('github', { ...payloadOf('github'), ref: 'refs/pull/7/head' });
    expect(answer).toMatchObject({
      decision: 'ignored',
      reason: '"refs/pull/7/head" is neither a branch nor a tag.',
    });
  });

  test.each(['', ' , \n', '!main', 'release/{1'])('refuses %j as a list', (list) => {
    expect(() => createReferenceFilter(list, ['branch'])).toThrow(/^References .*[.]$/);
  });
});

test('a repository that the trigger is not set up for is ignored, and its address is in no item', () => {
  const repositories = parseRepositories('https://github.com/acme/other');
  const { answer, items } = received('github', payloadOf('github'), { repositories });
  expect(items).toEqual([]);
  expect(answer?.reason).toBe(
    'The trigger is not set up for the repository "https://github.com/acme/engine".',
  );
});
