import { DeployError } from '../errors';
import { ANNOUNCED_BOOTSTRAP, BOOTSTRAP } from './program';

/** Where and as whom the engine's interpreter is started. */
export interface InterpreterOptions {
  /** The interpreter's name or absolute path. */
  python: string;
  become: 'none' | 'sudo' | 'sudoPassword';
  runtime: 'host' | 'container';
  /** Name or id of the running container; needed when `runtime` is `container`. */
  container?: string;
  /** The container program, such as `docker` or `podman`. */
  containerCommand?: string;
}

// No white space, nothing a shell or an option parser could take for its own.
const PROGRAM = /^[A-Za-z0-9_.+/][A-Za-z0-9_.+/-]*$/;
const CONTAINER = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const ISOLATED = ['-I', '-S', '-X', 'utf8'];

/**
 * The argument vector that starts the executor: `sudo`, then the container program, then Python, as configured.
 *
 * `-I` keeps the engine's environment and directory out of the executor, `-S` makes it start faster, `-X utf8` has file
 * names mean the same on every host, whatever its locale can show.
 *
 * @throws DeployError `INPUT` when a name holds anything but letters, digits and `_ . + - /`
 */
export function interpreterArguments(options: InterpreterOptions): string[] {
  const argv: string[] = [];
  if (options.become === 'sudo') argv.push('sudo', '-n', '--');
  // -k: always asks, so that the password line is read by sudo and by nobody else.
  // LANGUAGE: its complaints are recognised.
  if (options.become === 'sudoPassword') argv.push('env', 'LANGUAGE=en', 'sudo', '-k', '-S', '-p', '', '--');
  if (options.runtime === 'container') {
    const program = checked('Container Command', options.containerCommand ?? 'docker', PROGRAM, 'docker');
    const container = checked('Container', options.container ?? '', CONTAINER, 'engine');
    argv.push(program, 'exec', '-i', '--', container);
  }
  const bootstrap = options.become === 'sudoPassword' ? ANNOUNCED_BOOTSTRAP : BOOTSTRAP;
  argv.push(checked('Python', options.python, PROGRAM, 'python3'), ...ISOLATED, '-c', bootstrap);
  return argv;
}

/**
 * The line that sudo reads from its standard input.
 *
 * @throws DeployError `INPUT` when the password is empty or holds what would end the line
 */
export function passwordLine(password: string | undefined): Buffer {
  if (!password) {
    throw new DeployError(
      'INPUT',
      'Sudo Password is empty. Enter it in the credential, or set Become to “sudo”.',
    );
  }
  if (/\p{Cc}/u.test(password)) {
    throw new DeployError(
      'INPUT',
      'Sudo Password holds a line break or another control character, which sudo does not take. Enter it again.',
    );
  }
  return Buffer.from(`${password}\n`);
}

function checked(field: string, value: string, allowed: RegExp, example: string): string {
  if (allowed.test(value)) return value;
  throw new DeployError(
    'INPUT',
    value === ''
      ? `${field} is empty. Give a name such as ${example}.`
      : `${field} ${JSON.stringify(value)} can't be used: only letters, digits and _ . + - / may be in it. Give a name such as ${example}.`,
  );
}
