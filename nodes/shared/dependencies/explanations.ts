import { type Finder, firstOf, type Found, inLine, wordBefore } from '../scan';

/** What an installer’s output means: one row for each thing that people come across. */
export interface Explanation {
  pattern: Finder;
  /** The sentence; `match` is what the pattern found in the output. */
  says: (match: Found, output: string) => string;
  next: string;
}

/** In order: what explains others comes first, such as a lost network before “no version found”. */
export const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /externally[- ]managed/i,
    says: () =>
      'the engine’s interpreter belongs to the operating system, which keeps others from installing into it.',
    next: 'Set Dependencies to Virtual Environment, or name an interpreter of the engine’s own in Python.',
  },
  {
    pattern: /No space left on device|Disk quota exceeded|os error 28/i,
    says: () => 'the disk on the engine’s side is full.',
    next: 'Free some space, or prune releases and backups, then run it again.',
  },
  {
    pattern: /ensurepip is not available|No module named '?(?:venv|ensurepip)/,
    says: () => 'its Python can’t make virtual environments.',
    next: 'Install the package python3-venv (Debian, Ubuntu), or uv, on the engine’s side.',
  },
  {
    pattern: /No module named '?pip\b/,
    says: () => 'its Python has no pip.',
    next: 'Install the package python3-pip, or uv, on the engine’s side.',
  },
  {
    pattern: firstOf(
      /\b(?:401|403) (?:Client Error|Unauthorized|Forbidden|Error)|status code 40[13]|HTTP Error 40[13]/i,
      inLine(/User for /i, ':'),
    ),
    says: () => 'the package index does not accept the credentials, or asks for some.',
    next: 'Choose a Hot Deploy Package Index API credential with the index’s address, user and password or token.',
  },
  {
    pattern: /Cannot find command 'git'|Git executable not found/i,
    says: () => 'a requirement comes from Git, and there is no git on the engine’s side.',
    next: 'Install git there, or ship a wheel with the release.',
  },
  {
    pattern: firstOf(
      inLine(/git (?:clone|fetch|checkout)\b/, ' did not run successfully'),
      /Git operation failed/,
    ),
    says: (_match, output) => `${repositoryOf(output) ?? 'a Git repository'} could not be fetched.`,
    next: 'See whether the engine’s side reaches it, and as whom; what git said is below. A wheel shipped with the release needs neither.',
  },
  {
    pattern:
      /Temporary failure in name resolution|Name or service not known|NewConnectionError|Failed to establish a new connection|Connection refused|Network is unreachable|No route to host|ConnectTimeout|ReadTimeoutError|Connection timed out|Connection reset|dns error|error sending request|operation timed out|tcp connect error|ProxyError|IncompleteRead|incomplete-download|connection broken|unexpected EOF/i,
    says: () => 'the package index can’t be reached, or stopped answering.',
    next: 'Look at the network and the proxy on the engine’s side and at Index URL. Offline, ship wheels with the release and set Find Links and No Index.',
  },
  {
    pattern:
      /SSLCertVerificationError|CERTIFICATE_VERIFY_FAILED|certificate verify failed|invalid peer certificate/i,
    says: () => 'the certificate of the package index is not trusted.',
    next: 'Add its authority on the engine’s side: pip’s setting cert, or SSL_CERT_FILE for uv.',
  },
  {
    // What older pips make of a download that broke off.
    pattern: inLine("Wheel '", "' located at ", ' is invalid'),
    says: ([, name]) => `${name} did not arrive whole, or its wheel is damaged.`,
    next: 'Run it again. When it stays so, look at the network on the engine’s side, and at the wheel in the index or in Find Links.',
  },
  {
    pattern: /DO NOT MATCH THE HASHES|Hash mismatch for [`']?([^\s`']+)/i,
    says: () => 'a package is not the one whose hash the requirements give.',
    next: 'Find out whether it was published again or tampered with before you change the hash.',
  },
  {
    pattern:
      /Hashes are required in --require-hashes mode|requirements? must have (?:their versions pinned|a hash)|all requirements must have|missing a hash|but no hashes were provided/i,
    says: () => 'hashes are required, and a requirement has none.',
    next: 'Make the file with hashes (pip-compile --generate-hashes, or uv pip compile --generate-hashes), or switch Require Hashes off.',
  },
  {
    pattern: firstOf(
      inLine(
        /(?:unable to execute|command) /i,
        /(?:^|['\s/-])(?:gcc|cc|clang|g\+\+|c\+\+)'?(?:: | failed: )No such file/i,
      ),
      /No such file or directory: '?(?:gcc|cc|clang)|linker `?cc`? not found|can't find Rust compiler|Cargo, the Rust package manager, is not installed/i,
      { exec: missingCmake },
    ),
    says: (_match, output) =>
      `${buildOf(output)} has to be compiled, and there is no compiler on the engine’s side.`,
    next: 'Choose a version that has a wheel for this Python, ship a wheel with the release, or install a compiler there (build-essential, python3-dev).',
  },
  {
    pattern: /fatal error: Python\.h: No such file/,
    says: (_match, output) =>
      `${buildOf(output)} has to be compiled, and the headers of Python are missing on the engine’s side.`,
    next: 'Install the package python3-dev there, or choose a version that has a wheel for this Python.',
  },
  {
    pattern:
      /(?:exit code|returncode|exit status|signal)(?:[:=] ?| )?-?(?:9|137)\b|\(SIGKILL\)|signal: 9|Killed/,
    says: (_match, output) =>
      `the build of ${buildOf(output)} was killed, most often because the machine ran out of memory.`,
    next: 'Ship a wheel instead of building it there, or give the machine more memory.',
  },
  {
    pattern: { exec: unreadableLock },
    says: () => 'the pip on the engine’s side is too old to read such a lock.',
    next: 'Upgrade pip there to 26.1 or newer, or install uv; or deploy a requirements.lock instead, as “uv pip compile” and “pip-compile” write it.',
  },
  {
    pattern: { exec: unreadableLine },
    says: ([, file, line]) => `uv can’t read line ${line} of ${file}.`,
    next: 'Correct that line; pip has options that uv does not know: leave them out, or set Installer to pip.',
  },
  {
    pattern: firstOf(/Invalid requirement: ?(.+)/i, { exec: unparsed }),
    says: ([, requirement]) => `${requirement} is not a requirement that can be read.`,
    next: 'Correct the line that the output names.',
  },
  {
    pattern: firstOf(
      /has no wheels? with a matching|no wheels? (?:with|are available|for your platform)|is not a supported wheel on this platform|requires? a different [Pp]ython|Requires-Python/,
      inLine('the current Python version (', ') does not satisfy'),
      inLine('Because ', ' requires Python '),
    ),
    says: (_match, output) =>
      `${requirementOf(output) ?? wheelOf(output) ?? 'a requirement'} has no version for this Python.`,
    next: 'Choose a version that supports it, ship a wheel that fits, or run the engine with another Python (option Python).',
  },
  {
    pattern: /ResolutionImpossible|conflicting dependencies|conflicting requirements|are incompatible/i,
    says: (_match, output) => `requirements contradict each other${conflictOf(output)}.`,
    next: 'Loosen one of them; the output below says which ask for what.',
  },
  {
    pattern: /^Skipped, as not for this Python: (.+)$/m,
    says: ([, wheels = ''], output) =>
      `${requirementOf(output)} has no version for this Python; there is only ${shortened(wheels)}.`,
    next: 'Choose a version that has a wheel for it, ship its source or a wheel that fits, or run the engine with another Python (option Python).',
  },
  {
    pattern: /No matching distribution found for (.+)/,
    says: ([, requirement = ''], output) => notFound(requirement.trim(), output),
    next:
      'Check the name and version, and which index is asked (Index URL, Extra Index URLs, Find Links). ' +
      'To pip, an index that does not accept the credentials looks the same.',
  },
  {
    pattern:
      /Because ([A-Za-z0-9._-]+) was not found in the (?:package registry|provided package locations|cache)/,
    says: ([, name]) => `${name} does not exist in the package index.`,
    next: 'Check the name, and which index is asked (Index URL, Extra Index URLs, Find Links).',
  },
  {
    pattern: { exec: missingVersion },
    says: ([, requirement]) => `${requirement} does not exist in the package index.`,
    next: 'Check the name and version, and which index is asked.',
  },
  {
    pattern: /No solution found|unsatisfiable/,
    says: () => 'no set of packages meets all requirements.',
    next: 'The output below says which ask for what; loosen one of them.',
  },
  {
    pattern: { exec: builtElsewhere },
    says: ([, path]) =>
      `${path} is where a package was built on another machine: the “pip freeze” of conda, and of packages from a directory, names that instead of a version.`,
    next: 'Write the versions instead (pip list --format=freeze gives them as name==version), or ship wheels with the release and name their directory in Find Links.',
  },
  {
    pattern: firstOf(/Could not open requirements file/, /No such file or directory: '?([^\s']+)/),
    says: ([, path]) => `${path ?? 'a file that the requirements name'} is not there.`,
    next: 'Put it into the source and name it in Include.',
  },
  {
    pattern: /Permission denied|os error 13/,
    says: () => 'the user on the engine’s side may not write where packages go.',
    next: 'Set Dependencies to Virtual Environment, or set Become to “sudo” in the credential.',
  },
  {
    pattern:
      /Failed (?:to build|building wheel for) ['`]?([A-Za-z0-9._-]+)|metadata-generation-failed|subprocess-exited-with-error|build backend returned an error/i,
    says: (_match, output) => `${buildOf(output)} could not be built from its source.`,
    next: 'The output below says why. A version with a wheel, or a wheel shipped with the release, needs no building.',
  },
];

const CONFLICT = inLine('Cannot install ', ' because these package versions have conflicting');

/** How far before “not found” CMake is named by who misses it. */
const NEAR = 45;

function missingCmake(output: string): Found | null {
  for (const { index } of output.matchAll(/not found/gi)) {
    if (/cmake/i.test(output.slice(Math.max(0, index - NEAR), index))) return ['cmake'];
  }
  return null;
}

/** How far behind the complaint pip names the file that it read. */
const COMPLAINT = 700;

/** What uv finds no version of: a name, with `==` and a version or without. */
function missingVersion(output: string): Found | null {
  const found = /(?:there (?:is|are) no versions? of|no version of) (\S+)/.exec(output);
  const requirement = found?.[1]?.replace(/,$/, '') ?? '';
  return /^[A-Za-z0-9._-]+(?:==[^\s,]+)?$/.test(requirement) ? [found?.[0], requirement] : null;
}

/** The directory of `name @ file:///directory`, in the words of uv, and of pip: it says first which it processes. */
function builtElsewhere(output: string): Found | null {
  const found = firstOf(
    inLine('Distribution not found at: file://', /$/),
    inLine("No such file or directory: '", "'"),
  ).exec(output);
  const path = found?.[1] ?? '';
  const isWhole = path.startsWith('/');
  const isNamed = output.includes(`file://${path}`) || output.includes(`Processing ${path} `);
  return isWhole && isNamed ? [found?.[0], path] : null;
}

function unreadableLock(output: string): Found | null {
  const at = output.indexOf('Invalid requirement: ');
  if (at < 0) return null;
  return / of [^\s()]+\.toml\)/.exec(output.slice(at, at + COMPLAINT));
}

/** `… : requirements.txt:3:1`: file and line. */
function unreadableLine(output: string): Found | null {
  for (const line of output.split(/[\r\n]/)) {
    const place = line.slice(line.lastIndexOf(': ') + 2).trimEnd();
    if (place.length === line.length || !/(?:Unexpected|Unsupported|Expected|Invalid) /.test(line)) continue;
    const parts = place.split(':');
    const [number, column] = parts.splice(-2);
    const file = parts.join(':');
    if (file && !/\s/.test(file) && isNumber(number) && isNumber(column)) return [line, file, number];
  }
  return null;
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

/** uv names the file in one line, and what it could not read after that and, sometimes, a cause. */
function unparsed(output: string): Found | null {
  const lines = output.split('\n');
  for (const [index, line] of lines.entries()) {
    const [, file] = UNPARSED.exec(line) ?? [];
    if (file === undefined) continue;
    const next = lines.slice(index + 1).find((each) => !each.trimStart().startsWith('cause:')) ?? '';
    return [line, `“${next.trim()}” in ${file}`];
  }
  return null;
}

const UNPARSED = inLine(/Couldn't parse requirement in `/i, '`');

function notFound(requirement: string, output: string): string {
  const versions = /\(from versions: ([^()]*)\)/.exec(output)?.[1];
  if (!versions || versions === 'none') return `${requirement} does not exist in the package index.`;
  const shown = versions.split(', ').slice(-5).join(', ');
  return `${requirement} has no version that fits; the index has ${shown}.`;
}

/** The last few of a list: those of the newest version. */
function shortened(list: string): string {
  return list.split(', ').slice(-3).join(', ');
}

function requirementOf(output: string): string | undefined {
  return /No matching distribution found for (.+)/.exec(output)?.[1]?.trim();
}

function wheelOf(output: string): string | undefined {
  return (
    wordBefore(output, ' is not a supported wheel') ??
    inLine("Package '", "' requires a different Python").exec(output)?.[1] ??
    /Because ([A-Za-z0-9._-]+?)==\S+ requires Python /.exec(output)?.[1] ??
    nameIn(wordBefore(output, ' has no wheel'))
  );
}

/** The name in a word such as `numpy==2.1.0`. */
function nameIn(word: string | undefined): string | undefined {
  return word && /^[A-Za-z0-9._-]+/.exec(word)?.[0];
}

function conflictOf(output: string): string {
  const [, names] = CONFLICT.exec(output) ?? [];
  return names ? `: ${names}` : '';
}

/** The address that git was given, without what follows it. */
function repositoryOf(output: string): string | undefined {
  const found =
    /(?:Cloning|Updating) ((?:https?|ssh|git|file):\/\/\S+)/.exec(output) ??
    /(?:unable to access|repository) '([^']+)'/.exec(output);
  return found?.[1]?.replace(/\/\/[^/@\s]*@/, '//');
}

/** The package that was being built, as far as the output names it. */
function buildOf(output: string): string {
  const named =
    /Failed (?:to build|building wheel for) ['`]?([A-Za-z0-9._-]+)/i.exec(output) ??
    /Building wheel for ([A-Za-z0-9._-]+)/.exec(output) ??
    /Building wheels for collected packages: (.+)/.exec(output);
  return named?.[1] ?? lastCollected(output) ?? 'A package';
}

/** The package that pip turned to last: by a requirement, or by the path of its archive. */
function lastCollected(output: string): string | undefined {
  const words = Math.max(output.lastIndexOf('Processing '), output.lastIndexOf('Collecting '));
  if (words < 0) return undefined;
  const [word = ''] = output.slice(words + 'Collecting '.length).split(/\s/, 1);
  const file = word.slice(word.lastIndexOf('/') + 1);
  const name = /^[A-Za-z0-9._-]+/.exec(file)?.[0];
  const version = name?.search(/-\d/) ?? -1;
  return version > 0 ? name?.slice(0, version) : name;
}
