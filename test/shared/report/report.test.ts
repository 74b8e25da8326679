import { createHash } from 'node:crypto';

import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import type { SwitchResult } from '../../../nodes/shared/release/result';
import type { ReplayResult } from '../../../nodes/shared/replay/replaySettings';
import { reportDocument } from '../../../nodes/shared/report/document';
import { rolloutDocument } from '../../../nodes/shared/report/rolloutReport';
import type { RolloutResult } from '../../../nodes/shared/rollout/rolloutResult';
import { replayDocument, type ReplayFacts } from '../../../nodes/shared/report/replayReport';
import {
  factsOfResult,
  factsOfStopped,
  type ReportFacts,
  reportName,
} from '../../../nodes/shared/report/reportFacts';
import { escapeText, html } from '../../../nodes/shared/report/markup';
import { STYLE } from '../../../nodes/shared/report/style';
import { asCommit, asReleaseId } from '../../support/named';

const AT = '2026-11-26T12:00:00.000Z';

/** A result with `text` in every place that holds text from outside. */
function resultWith(text: string): SwitchResult {
  return {
    status: 'deployed',
    host: text,
    basePath: text,
    release: asReleaseId(text),
    previousRelease: asReleaseId(text),
    source: { type: 'git', reference: text, commit: asCommit(text), digest: text },
    changes: {
      added: [text],
      modified: [text],
      removed: [text],
      ignored: [text],
      counts: { added: 1, modified: 1, removed: 1, ignored: 1 },
    },
    dependencies: {
      status: 'built',
      environment: text,
      durationMs: 1,
      file: text,
      installer: text,
      python: text,
      packages: {
        added: [{ name: text, version: text }],
        removed: [{ name: text, version: text }],
        changed: [{ name: text, from: text, to: text }],
      },
      notice: text,
    },
    backup: text,
    checks: [
      { name: text, type: 'command', when: 'before', passed: true, durationMs: 1, output: text },
      {
        name: text,
        type: 'command',
        when: 'after',
        passed: false,
        durationMs: 1,
        output: text,
        reason: text,
      },
      {
        ...{ name: text, type: 'replay', when: 'before', passed: true, durationMs: 1 },
        output: text,
        replay: replayWith(text),
      },
    ],
    swap: { method: 'rename', atomic: true, adopted: false, gapMs: 0, milliseconds: 0.1, unpinned: 0 },
    releasesInUse: [{ release: asReleaseId(text), processes: 2 }],
    complaint: text,
    settled: { release: asReleaseId(text), outcome: 'reverted', check: text },
    repaired: [{ kind: 'currentMissing', path: text, explanation: text, action: text, done: true }],
    steps: [{ name: text, durationMs: 2 }],
    durationMs: 3,
  };
}

/** A replay with `text` in every place that holds text from outside. */
function replayWith(text: string): ReplayResult {
  const [failure, difference] = [
    { input: text, why: text },
    { input: text, path: text },
  ];
  return {
    ...{ verdict: 'different', summary: text, inputs: 1, available: 2, runs: 3, unfinished: false },
    ...{ failing: [failure], unusable: [failure], missing: [{ input: text, file: text }] },
    differences: [
      { ...difference, live: text, other: null },
      { ...difference, live: null, other: text },
    ],
    ...{ differenceCount: 3, differenceDigest: text, noisy: [text], noisier: [text], unused: [text] },
    ...{ slower: true, fatter: true, timeRatio: 1.5, memoryRatio: null, network: 'off' },
  };
}

function replayed(text: string): ReplayFacts {
  const place = { host: text, basePath: text, live: text, release: text };
  return { ...replayWith(text), ...place, durationMs: 3, ...circumstances(text) };
}

const circumstances = (text: string) => ({ at: AT, workflow: text, execution: text });
const deployed = (text: string) => factsOfResult(resultWith(text), circumstances(text));
function stoppedWith(text: string): ReportFacts {
  const { status: _, release: attempted, ...known } = resultWith(text);
  const details = { ...known, attempted, live: text, step: text };
  return factsOfStopped(new DeployError('CHECK', text, { description: text, details }), circumstances(text));
}

/** The document's tags with their attributes, without its style, which is the same in each. */
function tagsOf(document: string): string[] {
  return document.replace(/<style>[^]*?<\/style>/, '<style></style>').match(/<[^>]*>?/g) ?? [];
}

const ALL: Array<[string, (text: string) => string]> = [
  ['a result', (text) => reportDocument(deployed(text))],
  ['an operation that stopped', (text) => reportDocument(stoppedWith(text))],
  ['a replay', (text) => replayDocument(replayed(text))],
  ['a watched release', (text) => watchedPage(rolloutWith(text), text)],
  [
    'a deployment that is watched',
    (text) => reportDocument({ ...deployed(text), rollout: rolloutWith(text) }),
  ],
];
/** Of the length of each other, since the words decide on nothing else. */
const harmless = (text: string) => 'x'.repeat(Math.max(text.length, 1));
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><style>*{background:url(https://example.org)}</style>',
  '</pre></code></title><iframe srcdoc="<script>alert(1)</script>">',
  '<!-- -->]]><svg onload=alert(1)>',
  '&lt;b&gt; &#60;b&#62; ${1} `x`',
  'src/\u202Egnp.py\u0000\u001b[31m\ud800',
];

describe.each(ALL)('P7: %s', (_name, documentOf) => {
  test.each(HOSTILE)('%j comes out as text, and nothing of it is markup', (text) => {
    const document = documentOf(text);
    expect(tagsOf(document)).toEqual(tagsOf(documentOf(harmless(text))));
    expect(document).toContain(escapeText(text));
  });

  test('no text at all becomes markup', () => {
    const tags = tagsOf(documentOf('x'));
    const anything = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'binary' }));
    fc.assert(
      fc.property(anything, (text) => expect(tagsOf(documentOf(text))).toEqual(tags)),
      { numRuns: 200 },
    );
  });
});

test('P7: nothing may run, be loaded or be sent: the policy lets in one style, which is the document’s own', () => {
  const document = reportDocument(deployed('x'));
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(document) ?? [];
  const [, style] = /<style>([^]*?)<\/style>/.exec(document) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
  expect(document.indexOf('Content-Security-Policy')).toBeLessThan(document.indexOf('<style>'));
  expect(tagsOf(document).join('')).not.toMatch(
    /\s(on\w+|src|href|style|srcset|action)=|<(script|link|img)/i,
  );
  expect(style.startsWith(STYLE)).toBe(true);
  expect(style).not.toMatch(/url\(|@import|https?:/);
  expect(style).toContain('@media (prefers-color-scheme: dark)');
});

test('a replay is told side by side, by input, with what is missing on one side', () => {
  const document = replayDocument({ ...replayed('x'), release: 'r2', live: 'r1', verdict: 'worse' });
  for (const part of [
    'Worse: r2',
    'compared with r1',
    'x: 2 fields',
    'and 1 more that differ',
    '1.50 × the time',
  ]) {
    expect(document).toContain(part);
  }
  expect(document.match(/<span class="quiet">nothing<\/span>/g)).toHaveLength(2);
  expect(document).not.toContain('× the memory');
});

test('what can’t be seen is shown by its number, and line ends of every kind are lines', () => {
  expect(escapeText('a\u202Eb\u0007')).toBe('a\\u{202E}b\\u{7}');
  expect(escapeText('one\r\ntwo\tx')).toBe('one\ntwo\tx');
  expect(html`<b>${['<', 1, null, false, html`<i></i>`]}</b>`.text).toBe('<b>&lt;1<i></i></b>');
});

describe('what a report tells', () => {
  test('of a deployment: before and after, checks with their output, files, packages and steps', () => {
    const facts = factsOfResult(
      {
        ...resultWith('t'),
        release: asReleaseId('r2'),
        previousRelease: asReleaseId('r1'),
        complaint: undefined,
      },
      circumstances('Nightly'),
    );
    const document = reportDocument(facts);
    expect(document).toContain('.bar0 { margin-left: 0.00%; width: 66.67%; }');
    for (const part of ['Deployed: r2', '<code>r1</code>', 'Timeline', 'Files', 'Packages', '✓ passed']) {
      expect(document).toContain(part);
    }
    expect(document).not.toContain('not all was tidied up');
    expect(reportName(facts)).toBe('hot-deploy-r2.html');
  });

  test('of one that stopped: why, where, what is live, and the output of the check at once', () => {
    const details = {
      live: 'r1',
      attempted: 'r2',
      step: 'check before the switch',
      steps: [{ name: 'lock and look', durationMs: 10 }],
      durationMs: 50,
      checks: [{ ...resultWith('boom').checks[1], name: 'smoke' }],
    };
    const error = new DeployError('CHECK', 'Check “smoke” did not pass.', { details });
    const facts = factsOfStopped(error, circumstances('w'));
    const document = reportDocument(facts);
    expect(document).toContain('Did not go live: r2');
    expect(document).toContain('Check “smoke” did not pass.');
    expect(document).toContain('check before the switch (stopped here)');
    expect(document).toMatch(/<details open><summary>Output<\/summary>\s*<pre>boom<\/pre>/);
    expect(reportName(facts)).toBe('hot-deploy-r2.html');
  });

  test('of one that never got to the engine, with nothing but its message', () => {
    const facts = factsOfStopped(new DeployError('CONNECTION', 'Nothing answers.'), { at: AT });
    expect(reportDocument(facts)).toContain('Nothing answers.');
    expect(reportName(facts)).toBe('hot-deploy-report.html');
  });

  test('has a file name that leads nowhere', () => {
    expect(reportName({ ...deployed('x'), live: '../../a b\u0000"' })).toBe('hot-deploy-.._.._a_b__.html');
  });

  test('folds long lists and says what they leave out', () => {
    const paths = Array.from({ length: 30 }, (_, index) => `src/${index}.py`);
    const changes = {
      ...resultWith('x').changes,
      added: paths,
      counts: { added: 40, modified: 0, removed: 0, ignored: 0 },
    };
    const document = reportDocument({ ...deployed('x'), changes });
    expect(document).toMatch(/<details>\s*<summary>Added: 40 files<\/summary>/);
    expect(document).toContain('and 10 more');
  });
});

/** With `text` in every place that holds text from outside. */
function rolloutWith(text: string, changes: Partial<RolloutResult> = {}): RolloutResult {
  return {
    id: text,
    state: 'watching',
    release: asReleaseId(text),
    fallback: asReleaseId(text),
    startedAt: text,
    until: text,
    endedAt: null,
    decidedBy: null,
    overdue: false,
    survivesN8n: true,
    runs: { release: { runs: 12, failed: 3 }, before: { runs: 0, failed: 0 }, unknown: 0 },
    p: null,
    summary: text,
    ...changes,
  };
}

function watchedPage(rollout: RolloutResult, text = 'app'): string {
  return rolloutDocument({ rollout, host: text, basePath: text, at: AT, workflow: text, execution: text });
}

describe('the report of a watched release', () => {
  test('says how its runs ended, and only what there is to say', () => {
    const plain = watchedPage(rolloutWith('r'));
    for (const part of ['Watched: r', '<td>9</td><td>3</td>', 'until r at the latest']) {
      expect(plain.replace(/>\s+</g, '><')).toContain(part);
    }
    for (const absent of ['probability', 'somebody stopped', 'Nobody watches', 'ends with n8n']) {
      expect(plain).not.toContain(absent);
    }
    const all = watchedPage(
      rolloutWith('r', {
        state: 'aborted',
        overdue: true,
        p: 0.0052,
        runs: { release: { runs: 9, failed: 3 }, before: { runs: 38, failed: 1 }, unknown: 2 },
      }),
    );
    for (const part of [
      'Taken back: r',
      '0.0052',
      '2 runs that somebody stopped',
      'Nobody watches it any more',
    ]) {
      expect(all).toContain(part);
    }
    expect(all.replace(/>\s+</g, '><')).toContain('<td>37</td><td>1</td>');
    expect(watchedPage(rolloutWith('r', { survivesN8n: false }))).toContain('ends with n8n’s own service');
  });
});
