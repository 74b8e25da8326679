import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where {@link rememberPythons} leaves what it has found: each test file has its modules for itself. */
const FOUND = 'HOT_DEPLOY_TEST_PYTHONS';

/**
 * Absolute paths of the interpreters that promises about Python are tested with: `python3`, and every CPython 3.8 or
 * newer that pyenv has installed, each version once, oldest first. Throws when there is none.
 */
export function availablePythons(): string[] {
  const remembered = process.env[FOUND];
  const found = remembered === undefined ? findPythons() : (JSON.parse(remembered) as string[]);
  if (found.length === 0) throw new Error('These tests need Python 3.8 or newer as python3.');
  return found;
}

/** Looks once for all test files; jest's `globalSetup`. */
export default function rememberPythons(): void {
  process.env[FOUND] = JSON.stringify(findPythons());
}

function findPythons(): string[] {
  const versions = new Map<string, { path: string; minor: number }>();
  for (const candidate of ['python3', ...pyenvPythons()]) {
    const script = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])';
    const { status, stdout } = spawnSync(candidate, ['-c', script], { encoding: 'utf8', timeout: 30_000 });
    if (status !== 0) continue;
    const [path, version] = stdout.trim().split('\n');
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && minor >= 8 && !versions.has(version)) {
      versions.set(version, { path, minor });
    }
  }
  return [...versions.values()].sort((a, b) => a.minor - b.minor).map(({ path }) => path);
}

function pyenvPythons(): string[] {
  const directory = join(homedir(), '.pyenv', 'versions');
  try {
    return readdirSync(directory).map((version) => join(directory, version, 'bin', 'python'));
  } catch {
    return [];
  }
}
