import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import ts from 'typescript';

import { pythonTexts } from '../support/pythonTexts';
import { REFUSALS } from '../support/refusals';

const ROOT = join(__dirname, '..', '..');

/** What tells people that something is wrong without telling what. */
const EMPTY_WORDS = /\b(errors?|problems?|failures?|failed)\b/i;

function filesBelow(directory: string, ending: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(directory, path));
}

/** The texts of a TypeScript file, templates piece by piece; comments and patterns are none. */
function textsIn(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** A rule over an output, whose field is an engine's own. */
const RULE = /\bfailed = 0\b/g;

/** What is counted there is how runs end, one of whose names that is. */
const COUNTED = join('nodes', 'shared', 'verdict');

/** Several words that are no program: a line of a program ends with a semicolon. */
const isSentence = (text: string) => /\s\w/.test(text.trim()) && !/;$/m.test(text);

test('no sentence that people may see says error, problem or failure', () => {
  const all = ['nodes', 'credentials'].flatMap((directory) => filesBelow(directory, '.ts'));
  const files = all.filter((path) => !path.startsWith(COUNTED));
  const sentences = files.flatMap((path) =>
    textsIn(path)
      .filter(isSentence)
      .map((text) => ({ path, text })),
  );
  expect(sentences.length).toBeGreaterThan(200);
  expect(sentences.filter(({ text }) => EMPTY_WORDS.test(text.replace(RULE, '')))).toEqual([]);
});

/** Programs in a program, and what is looked for in what others print. */
const isForPrograms = (text: string): boolean =>
  /^\s*(#|import|from \S+ import) /.test(text) || PIP_SAYS.test(text);
const PIP_SAYS = /^(No matching distribution found for|Skipping link:|\(from versions: none\))/;

/** What the executor's modules say to people, by file: sentences, and ends of sentences. */
function executorSays(): Record<string, string[]> {
  const files = filesBelow('executor/hot_deploy', '.py').sort();
  const texts = pythonTexts(files.map((path) => readFileSync(join(ROOT, path), 'utf8')));
  const said = files.map((path, index) => [
    basename(path),
    [...new Set(texts[index].filter((text) => isSentence(text) && !isForPrograms(text)))].sort(),
  ]);
  return Object.fromEntries(said.filter(([, sentences]) => sentences.length > 0)) as Record<string, string[]>;
}

/** What is left of them: it comes along in an answer that is none of a refusal, or in what a program printed. */
const LEFT: Record<string, string[]> = {
  // Where the launcher's own text is cut.
  'entrypoints.py': ['\nif __name__ == ', '^from (?:launcher|launch) import (?:\\([^)]*\\)|.*)$'],
  // Why an environment can't be used: the end of a sentence in an answer, and in an output.
  'environments.py': [
    'is not there',
    'its interpreter',
    'no longer starts as it was: it was built with …, and leads to …',
    'no longer starts: … is gone',
    'was not built to its end',
  ],
  'probing.py': ['no longer fits: it was built with Python …, which is … now', 'no longer starts: …'],
  // A line of uid_map, see user_namespaces(7).
  'run_starting.py': ['… … 1'],
  // No sentences: the head of a program, and what is looked for in one.
  'serve_text.py': [
    '#!/usr/bin/env python3\n',
    '^(?:    )?from serving\\.[a-z]+ import (?:\\([^)]*\\)|.*)\\n',
  ],
  // Why a conversation ended: the end of a sentence, which the history keeps, too.
  'session.py': ['the conversation ended'],
  'shown.py': ['\n[the rest is not shown live]\n'],
  'verbs_keeping.py': ['the conversation was cut off'],
  'verbs_repairing.py': ['the conversation was cut off'],
  'wire.py': [
    'nothing was heard for … s',
    'nothing was taken for … s',
    'the client sent a frame of … bytes',
    'the client sent something that is no request',
    'the client stopped reading: …',
    'the connection ended',
    'the input could not be read: …',
  ],
  // Lines of the output of a check or an installer, among those of programs.
  'bytecode.py': ['…, line …'],
  'checking.py': [
    '1 JSON file is well-formed.',
    '1 file compiles.',
    "… can't be started: …",
    '… JSON files are well-formed.',
    '… files compile.',
    '…, line …: …',
  ],
  'installing.py': [
    "… can't be started: …",
    'Skipped, as not for this Python: …\n',
    // By which words of pip and uv are known.
    '\\b(?:requires|has requirement)\\b',
    'is not supported on this platform|was built for a different platform|^Traceback \\(|panicked at',
  ],
  'http_probe.py': [
    'exit code …',
    'the start command ended (…) before it answered as it should: …',
    'more than … redirects',
    'no TLS connection: …',
    'no answer: …',
    'no whole answer within … s',
    'not as it should be within … s: …',
    'status … with no JSON…',
    'status … with …: …, not …',
    'status … without … in its JSON…',
    'status … without … in it…',
    'status …, and more than … bytes to look at',
    'the redirect to … leads nowhere',
    'what answers speaks no HTTP (…)',
    '… after … …',
  ],
  'processes.py': ['…\n[… bytes left out]\n…'],
  // What the kernel writes into its files.
  'memory_group.py': [' - cgroup2 ', 'oom_kill 0'],
  // What Python says of a text with a zero byte in it.
  'failures.py': ['null byte', 'null character'],
  'verbs_making.py': ['… file… compiled, … carried over.'],
};

test('the executor has no sentences for people: they are worded here', () => {
  const left = Object.entries(LEFT).map(([file, sentences]) => [file, [...sentences].sort()]);
  expect(executorSays()).toEqual(Object.fromEntries(left));
});

test.each([
  ['in a refusal', 'raise StepFailed("diskFull", said="The disk is full.")', 'The disk is full.'],
  ['in single quotes', "x = 'The disk is full.'", 'The disk is full.'],
  ['with a value', 'x = "The disk %s has %.3g MiB." % (a, b)', 'The disk … has … MiB.'],
  ['with a value in it', "x = f'The disk {a!r} has {b:d} MiB.'", 'The disk … has … MiB.'],
  ['in several lines', 'x = ("The disk"\n  " is full.")', 'The disk is full.'],
  ['in a call', 'print("""The disk\nis full.""")', 'The disk\nis full.'],
])('one would be found: %s', (_title, source, sentence) => {
  expect(pythonTexts([`"""About a disk."""\n\n${source}\n`])[0].filter(isSentence)).toEqual([sentence]);
});

test('no sentence that comes from the engine’s side says error, problem or failure', () => {
  const launcher = readFileSync(join(ROOT, 'executor/launcher.py'), 'utf8');
  const sentences = [...Object.values(LEFT), ...pythonTexts([launcher])].flat().filter(isSentence);
  expect(sentences.length).toBeGreaterThan(30);
  expect(sentences.filter((text) => EMPTY_WORDS.test(text))).toEqual([]);
  const refusals = REFUSALS.flatMap(({ message, description = '' }) => [message, description]);
  expect(refusals.length).toBeGreaterThan(140);
  expect(refusals.filter((text) => EMPTY_WORDS.test(text))).toEqual([]);
});
