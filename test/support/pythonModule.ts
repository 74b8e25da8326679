import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Where the executor's modules lie, as a package that Python can import. */
export const PYTHON_DIRECTORY = join(__dirname, '..', '..', 'executor');

/**
 * Runs code that may import `hot_deploy`, with `input` as JSON on its standard input (`json.load(sys.stdin)`), and
 * returns the JSON that it prints. Throws what it says when it doesn't end well.
 */
export function evaluate<T>(code: string, input: unknown = null, python = 'python3'): T {
  const { status, stdout, stderr } = spawnSync(
    python,
    ['-B', '-X', 'utf8', '-c', `import json, sys\n${code}`],
    {
      env: { ...process.env, PYTHONPATH: PYTHON_DIRECTORY },
      input: JSON.stringify(input),
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
