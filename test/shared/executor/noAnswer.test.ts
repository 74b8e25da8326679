import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { connectLocal } from '../../../nodes/shared/connection/local';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { explainNoAnswer } from '../../../nodes/shared/executor/noAnswer';
import { onHost, processEnd } from '../../support/conversation';
import { openClient, PYTHON, temporaryDirectories } from '../../support/deployment';
import { fakeInterpreter } from '../../support/fakeInterpreter';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();

let directory: string;

beforeAll(async () => {
  directory = await make();
});

let count = 0;

/** What stands where Python should. */
function instead(script: string): string {
  count += 1;
  return fakeInterpreter(join(directory, `python-${count}`), script);
}

it('an interpreter that ends at once', async () => {
  expect(await thrownBy(openClient({ python: 'true' }))).toMatchObject({
    code: 'CONNECTION',
    message: 'true on this machine ended before it answered (exit code 0).',
    description: 'It printed nothing. Try the same interpreter in a terminal on that host.',
    details: { exit: { code: 0, signal: null } },
  });
  const python = instead('echo "licence expired" >&2; exit 3');
  expect(await thrownBy(openClient({ python }))).toMatchObject({
    message: `${python} on this machine ended before it answered (exit code 3).`,
    description: 'licence expired',
  });
  const killed = instead('kill -KILL $$');
  expect((await thrownBy(openClient({ python: killed }))).message).toContain('(SIGKILL)');
});

it('a program that is not on this machine: only what helps is named', async () => {
  const absent = { ...onHost('no-such-program'), containerCommand: 'no-such-program', container: 'engine' };
  const refused = (runtime: 'host' | 'container') =>
    thrownBy(ExecutorClient.open(connectLocal(), { interpreter: { ...absent, runtime } }));
  const message =
    'The program "no-such-program" was not found on this machine; install it, or name another one in the option';
  expect(await refused('host')).toMatchObject({
    code: 'CONNECTION',
    message: `${message} "Python".`,
    description: undefined,
  });
  expect(await refused('container')).toMatchObject({
    code: 'CONNECTION',
    message: `${message} "Container Command".`,
    description: 'n8n’s own image has no docker: from there, reach the container’s host over SSH.',
  });
});

it('P8: an interpreter that hangs is given up in time, and ended', async () => {
  const file = join(directory, 'pid');
  const python = instead(`echo $$ > ${file}; echo waiting for a licence; exec sleep 60`);
  const started = Date.now();
  expect(await thrownBy(openClient({ python, startTimeoutMs: 2000 }))).toMatchObject({
    code: 'CONNECTION',
    message: 'this machine did not start Python within 2 s.',
    description: 'waiting for a licence',
  });
  expect(Date.now() - started).toBeLessThan(20_000);
  await processEnd(Number(readFileSync(file, 'utf8')));
});

it('P8: an abort while an interpreter hangs is obeyed at once', async () => {
  const file = join(directory, 'pid-aborted');
  const python = instead(`echo $$ > ${file}; exec sleep 60`);
  const abort = new AbortController();
  const opening = thrownBy(openClient({ python, signal: abort.signal }));
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await new Promise(setImmediate);
  const started = Date.now();
  abort.abort();
  expect(await opening).toMatchObject({ code: 'CANCELLED' });
  expect(Date.now() - started).toBeLessThan(10_000);
  await processEnd(Number(readFileSync(file, 'utf8')));
});

it('a program that talks on without being an executor', async () => {
  expect(await thrownBy(openClient({ python: 'yes' }))).toMatchObject({
    code: 'CONNECTION',
    message: expect.stringMatching(
      /^(What yes on this machine answers can't be understood: more than 262144 bytes|yes on this machine ended before it answered)/,
    ),
  });
  const python = instead('cat > /dev/null & while :; do echo "Welcome to this machine"; done');
  expect(await thrownBy(openClient({ python }))).toMatchObject({
    code: 'CONNECTION',
    message: `What ${python} on this machine answers can't be understood: more than 262144 bytes came before it.`,
    description: expect.stringContaining('Welcome to this machine'),
  });
});

it('a greeting in front of the executor is skipped', async () => {
  const python = instead(`echo 'Welcome! \u{1f600}'; printf '\\001hot-deploy'; exec ${PYTHON} "$@"`);
  const client = await openClient({ python });
  expect(client.hello).toMatchObject({ protocol: 1, system: 'linux', python: { supported: true } });
  await client.close();
});

describe('interpreters that are too old', () => {
  /** A real one where there is one, so that the program is known to run there; always one that says so. */
  function old(version: string): string[] {
    const real = join(homedir(), '.pyenv', 'versions', version, 'bin', 'python');
    return existsSync(real) ? [real] : [];
  }

  it.each(['3.6.15', '3.7.16'])('Python %s is named, and what to do', async (version) => {
    // All of it is real but what the interpreter says of itself.
    const claim = [
      'import sys',
      `sys.version_info = (${version.replaceAll('.', ', ')})`,
      `sys.version = '${version} (main) [GCC]'`,
      'exec(sys.argv[1])',
    ].join('; ');
    const pretended = instead(`exec ${PYTHON} -I -S -c "${claim}" "$6"`);
    for (const python of [...old(version), pretended]) {
      expect(await thrownBy(openClient({ python }))).toMatchObject({
        code: 'CONNECTION',
        message: `${python} on this machine is Python ${version}; 3.8 or newer is needed.`,
        description: 'Name a newer interpreter in the option Python, such as /usr/bin/python3.11.',
      });
    }
  });

  it('Python 2 is named as such', async () => {
    const pretended = instead('echo "Unknown option: -I" >&2; echo "usage: python [option] ..." >&2; exit 2');
    for (const python of [...old('2.7.18'), pretended]) {
      expect(await thrownBy(openClient({ python }))).toMatchObject({
        code: 'CONNECTION',
        message: `${python} on this machine is Python 2; 3.8 or newer is needed.`,
      });
    }
  });
});

it.each([
  ['bash: line 1: python3: command not found', 'python'],
  ['sh: 1: python3: not found', 'python'],
  ['zsh:1: command not found: python3', 'python'],
  ['fish: Unknown command: python3', 'python'],
  ['sudo: python3: command not found', 'python'],
  ['bash: line 1: sudo: command not found', undefined],
  ['fish: Unknown command: sudo', undefined],
  ['python3: error while loading shared libraries: libpython3.so: No such file or directory', undefined],
])('whether Python is all that is missing can be read by machines: %s', (said, missing) => {
  const error = explainNoAnswer(onHost('python3'), 'host', { code: 127, signal: null }, said);
  expect(error.details.missing).toBe(missing);
});

it.each([
  ['Error response from daemon: No such container: engine', 'There is no container engine on host.'],
  [
    'Error: no container with name or ID "engine" found: no such container',
    'There is no container engine on host.',
  ],
  [
    'Error response from daemon: container 4f6 is not running',
    'The container engine on host is not running.',
  ],
  [
    'Error: can only create exec sessions on running containers: container state improper',
    'The container engine on host is not running.',
  ],
  [
    'permission denied while trying to connect to the Docker daemon socket',
    "The user on host can't talk to docker.",
  ],
  [
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    "docker on host can't reach its daemon.",
  ],
  [
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "python3": executable file not found in $PATH: unknown',
    "python3 can't be started on host, in container engine.",
  ],
  [
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "exec": executable file not found in $PATH: unknown',
    'docker on host starts a program “exec” in container engine.',
  ],
  [
    'Error: crun: executable file `exec` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found',
    'docker on host starts a program “exec” in container engine.',
  ],
])('what a container program says is explained: %s', (said, message) => {
  const options = { ...onHost('python3'), runtime: 'container' as const, container: 'engine' };
  const error = explainNoAnswer(options, 'host', { code: 1, signal: null }, said);
  expect(error).toMatchObject({ code: 'CONNECTION', message });
  expect(error.description).toContain(said);
});

it('a daemon that can’t be reached: whoever uses podman is told where to name it', () => {
  const said =
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
  const options = { ...onHost('python3'), runtime: 'container' as const, container: 'engine' };
  const { description } = explainNoAnswer(options, 'host', { code: 1, signal: null }, said);
  expect(description).toMatch(/^Start the daemon there.* podman .*in the option Container Command\.\n/);
});
