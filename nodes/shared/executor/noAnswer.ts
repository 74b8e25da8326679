import type { ProcessExit, Remedy } from '../connection/connection';
import { DeployError } from '../errors';
import { type Finder, firstOf, inLine } from '../scan';
import type { InterpreterOptions } from './interpreter';

interface Explanation {
  when: Finder | ((said: string, options: InterpreterOptions) => boolean);
  message: (options: InterpreterOptions, where: string) => string;
  description: string | ((options: InterpreterOptions) => string);
}

/** What shells, sudo and container programs say, and what it means for the person who set up the node. */
const EXPLANATIONS: Explanation[] = [
  {
    when: /hot-deploy-python: the executor [0-9a-f]{64} is not listed/,
    message: (_, where) => `${where} runs listed executors only, and this one is not among them.`,
    description:
      'Compare its digest with dist/executors.txt of the installed package, then add that line to /etc/hot-deploy/executors on the host. A credential whose Access is Read Only has another one.',
  },
  {
    when: inLine(/sudo: /i, /a password is required|no tty present|terminal is required/i),
    message: (_, where) => `sudo on ${where} asks for a password.`,
    description:
      'Set Become to “sudo with password” in the credential, or allow the user to run Python without one (NOPASSWD).',
  },
  {
    when: /sudo: \d+ incorrect password attempt|sorry, try again/i,
    message: (_, where) => `sudo on ${where} refused the password.`,
    description: 'Correct Sudo Password in the credential.',
  },
  {
    when: /not in the sudoers file|is not allowed to (run|execute)/i,
    message: (_, where) => `The user on ${where} may not use sudo for this.`,
    description: 'Allow it in the sudoers file, or set Become to “none” in the credential.',
  },
  {
    when: (said, { runtime, containerCommand = 'docker' }) =>
      runtime === 'container' && namesMissing(said, containerCommand),
    message: ({ containerCommand = 'docker' }, where) => `There is no ${containerCommand} on ${where}.`,
    description:
      'Install it there, name another one such as podman in the option Container Command, or set Runtime to Host.',
  },
  {
    when: /no such container|no container with name or id/i,
    message: (options, where) => `There is no container ${options.container} on ${where}.`,
    description: 'Correct the parameter Container; the container program’s “ps” lists the names.',
  },
  {
    when: firstOf(
      inLine(/container /i, /is not running/i),
      /container state improper|can only create exec sessions on running/i,
    ),
    message: (options, where) => `The container ${options.container} on ${where} is not running.`,
    description: 'Start it, then run again.',
  },
  {
    when: /cannot connect to (the docker daemon|podman)|is the docker daemon running/i,
    message: (options, where) =>
      `${options.containerCommand ?? 'docker'} on ${where} can't reach its daemon.`,
    description:
      'Start the daemon there, and see that the user may talk to it. If containers run with podman there, name it in the option Container Command.',
  },
  {
    when: inLine(/permission denied/i, /docker/i),
    message: (options, where) =>
      `The user on ${where} can't talk to ${options.containerCommand ?? 'docker'}.`,
    description: 'Add the user to the group docker, or set Become to “sudo” in the credential.',
  },
  {
    when: /has no attribute 'buffer'|unknown option: -I/i,
    message: (options, where) => `${options.python} on ${where} is Python 2; 3.8 or newer is needed.`,
    description: 'Name a newer interpreter in the option Python.',
  },
  {
    when: /account is (currently )?not available/i,
    message: (_, where) => `The login shell of the user on ${where} carries out no commands.`,
    description: 'Give the user another one (usermod --shell /bin/sh), or log in as another user.',
  },
  {
    // Of runc and of crun. Nobody has an interpreter of that name: it is the word that a script added.
    when: (said, { runtime }) =>
      runtime === 'container' &&
      /"exec": executable file|executable file [`'"]?exec[`'"]? not found/.test(said),
    message: ({ container, containerCommand = 'docker' }, where) =>
      `${containerCommand} on ${where} starts a program “exec” in container ${container}.`,
    description: ({ container, containerCommand = 'docker', python }) =>
      `It is started as “${containerCommand} exec -i -- ${container} ${python} …”: a script has to pass all its arguments on ("$@") to the container program, without “exec -i” of its own.`,
  },
  {
    when: /not found|no such file or directory|executable file/i,
    message: (options, where) =>
      `${options.python} can't be started on ${where}${options.runtime === 'container' ? `, in container ${options.container}` : ''}.`,
    description: 'Install Python 3.8 or newer there, or give its full path in the option Python.',
  },
];

/** `CONNECTION`: no executor answered. */
export class NoAnswer extends DeployError {
  /** Whether shell or sudo say that Python is not there, and all before it was. */
  readonly pythonMissing: boolean;

  constructor(message: string, facts: { description: string; exit: ProcessExit; pythonMissing: boolean }) {
    const { description, exit, pythonMissing } = facts;
    super('CONNECTION', message, {
      description,
      details: { exit, ...(pythonMissing && { missing: 'python' }) },
    });
    this.pythonMissing = pythonMissing;
  }
}

/** Whether a shell or sudo says that it found no such program, as in `sh: 1: docker: not found`. */
function namesMissing(said: string, program: string): boolean {
  return said.split('\n').some((line) => {
    // zsh and fish name it last.
    if (/command( not found)?: /i.test(line) && line.trimEnd().endsWith(`: ${program}`)) return true;
    const [before = '', after] = line.split(`${program}:`, 2);
    return (
      after !== undefined &&
      /(^|[:\s])$/.test(before) &&
      /^\s*(command )?not found|^\s*No such file/i.test(after)
    );
  });
}

/** What to do when the first program is not on n8n's own machine. */
export function whenMissing({ runtime }: InterpreterOptions): Remedy {
  const field = runtime === 'container' ? 'Container Command' : 'Python';
  return {
    remedy: `install it, or name another one in the option "${field}"`,
    ...(runtime === 'container' && {
      description: 'n8n’s own image has no docker: from there, reach the container’s host over SSH.',
    }),
  };
}

/** Turns the end of a process that never greeted into a sentence about what stood in its way. */
export function explainNoAnswer(
  options: InterpreterOptions,
  where: string,
  exit: ProcessExit,
  said: string,
): DeployError {
  const known = EXPLANATIONS.find(({ when }) =>
    typeof when === 'function' ? when(said, options) : when.exec(said) !== null,
  );
  const facts = { exit, pythonMissing: namesMissing(said, options.python) };
  if (known) {
    const { description } = known;
    const next = typeof description === 'string' ? description : description(options);
    return new NoAnswer(known.message(options, where), { description: `${next}\n${said}`, ...facts });
  }
  const how = exit.signal ?? (exit.code === null ? 'the connection went away' : `exit code ${exit.code}`);
  return new NoAnswer(`${options.python} on ${where} ended before it answered (${how}).`, {
    description: said || 'It printed nothing. Try the same interpreter in a terminal on that host.',
    ...facts,
  });
}
