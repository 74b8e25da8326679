import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PYTHON } from './deployment';

/** Writes a script to `directory` that runs the executor with some of Python changed beforehand. */
export async function changedPython(directory: string, name: string, changes: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(
    path,
    `#!${PYTHON} -IS\nimport os, sys\n${changes}\nexec(sys.argv[-1], {'__name__': '__main__'})\n`,
  );
  await chmod(path, 0o755);
  return path;
}

/** An interpreter on a system that has no renameat2(2). */
export async function pythonWithoutExchange(directory: string): Promise<string> {
  return changedPython(
    directory,
    'python-without-exchange',
    `import ctypes
class Library(ctypes.CDLL):
    def __getattr__(self, name):
        if name == 'renameat2':
            raise AttributeError(name)
        return super().__getattr__(name)
ctypes.CDLL = Library`,
  );
}

/** An interpreter whose executor soon gives up a service that says nothing. */
export async function impatientPython(directory: string): Promise<string> {
  return changedPython(
    directory,
    'python-impatient',
    `import builtins
plain = builtins.compile
def compile(source, filename, *rest, **options):
    if filename == 'hot_deploy/service_sockets.py':
        before, found, after = source.partition('ANSWER_SECONDS = 10.0')
        assert found
        source = before + 'ANSWER_SECONDS = 1.0' + after
    return plain(source, filename, *rest, **options)
builtins.compile = compile`,
  );
}

/** Functions of Python's `os` that change what is on disk, or make a change last: a crash before each is a test case. */
const CHANGING = ['rename', 'symlink', 'link', 'unlink', 'fsync'];

/**
 * Writes an interpreter to `directory` that dies of SIGKILL just before its `at`-th change on disk, counted from 1.
 * Counting calls and dying at each in turn is how ALICE and CrashMonkey look for crash points in file systems' users.
 */
export async function crashingPython(directory: string, at: number): Promise<string> {
  return changedPython(
    directory,
    `python-${at}`,
    `import signal
left = ${at}
def counted(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call
for name in ${JSON.stringify(CHANGING)}:
    setattr(os, name, counted(getattr(os, name)))`,
  );
}
