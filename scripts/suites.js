/**
 * Which test files belong together. A file's suite is read from what it imports, however far away, so that no list has
 * to be kept:
 *
 * - `fast`: nothing of it could start a process, open a connection or load n8n's engine, or it is kept from doing so
 *   (imports test/support/withoutProcesses.ts);
 * - `alone`: it measures time or memory (imports test/support/alone.ts), and has the machine for itself;
 * - `together`: all that are neither;
 * - `sized`: `npm run proof` runs them at a larger size than `npm test` (import test/support/size.ts, or what draws by it).
 */
const fs = require('node:fs');
const path = require('node:path');

const TEST = path.join(__dirname, '../test');
const ALONE = path.join(TEST, 'support/alone.ts');
const SIZE = path.join(TEST, 'support/size.ts');
const WITHOUT_PROCESSES = path.join(TEST, 'support/withoutProcesses.ts');
/** What starts processes or speaks to others, and n8n's engine, which takes seconds to load. */
const SLOW =
  /^(?:node:)?(?:child_process|cluster|dgram|https?|http2|net|tls|worker_threads)$|^(?:ssh2|n8n-core|playwright-core)(?:\/|$)/;

/** Most files are reached from most tests: each is read once. */
const known = new Map();

/** All files that a file imports at run time, directly, and what it names that is none. */
function importsOf(file) {
  if (!known.has(file)) known.set(file, readImports(file));
  return known.get(file);
}

function readImports(file) {
  const text = fs.readFileSync(file, 'utf8').replace(/^(?:import|export) type [^;]*;/gm, '');
  const names = [...text.matchAll(/(?:\bfrom|^import|\b(?:require|import)\()\s*'([^'\n]+)'/gm)];
  return names.map(([, name]) => resolve(file, name) ?? name);
}

function resolve(from, name) {
  if (!name.startsWith('.')) return undefined;
  const target = path.resolve(path.dirname(from), name);
  const isFile = (file) => fs.existsSync(file) && fs.statSync(file).isFile();
  return [target, `${target}.ts`, `${target}.js`, path.join(target, 'index.ts')].find(isFile);
}

/** What can be reached from a file, itself included. */
function reached(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  if (/^\/.*\.[tj]s$/.test(file)) importsOf(file).forEach((each) => reached(each, found));
  return found;
}

function isFast(needed) {
  return needed.has(WITHOUT_PROCESSES) || ![...needed].some((each) => SLOW.test(each));
}

/** All of the main suite below a directory; the live one and the one with the oldest engine have whole n8ns beside them. */
function testFiles(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const found = path.join(directory, entry.name);
    if (entry.isDirectory()) return ['live', 'oldest'].includes(entry.name) ? [] : testFiles(found);
    return entry.name.endsWith('.test.ts') ? [found] : [];
  });
}

/** The absolute paths of a suite's test files. */
function suite(name) {
  return testFiles(TEST).filter((file) => {
    const needed = reached(file);
    if (name === 'alone') return needed.has(ALONE);
    if (name === 'together') return !needed.has(ALONE) && !isFast(needed);
    if (name === 'fast') return !needed.has(ALONE) && isFast(needed);
    if (name === 'sized') return needed.has(SIZE);
    throw new Error(`There is no suite "${name}": fast, alone, together or sized.`);
  });
}

module.exports = { suite };
