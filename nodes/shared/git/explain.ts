import { DeployError } from '../errors';
import { type Finder, inLine } from '../scan';
import type { RepositoryAddress } from './address';
import { LONGEST_ANSWER } from './advertised';

interface Explanation {
  pattern: Finder;
  sentence: string;
  next: string;
}

/** What `git` and the servers of the forges say, most telling first. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /could not read (?:Username|Password)|Authentication failed|HTTP 401|returned error: 401/i,
    sentence: 'asks for a login, or does not accept the one it got',
    next: 'Choose a Hot Deploy Git API credential of that host that may read the repository; check that its token has not expired.',
  },
  {
    pattern: /returned error: 403|HTTP 403|access denied|permission denied|not authorized|DENIED/i,
    sentence: 'does not let this login read it',
    next: 'Give the token or deploy key read access to the repository.',
  },
  {
    pattern: /dubious ownership/i,
    sentence: 'belongs to another user than the one n8n runs as, whose repositories git does not trust',
    next: 'Give the directory to the user that n8n runs as.',
  },
  {
    pattern:
      /returned error: 404|does not appear to be a git repository|no such file or directory|not found/i,
    sentence: 'does not exist there, or not for this login',
    next: 'Check the address; forges answer the same for a private repository that the login may not see.',
  },
  {
    pattern: /could not resolve host|name or service not known|temporary failure in name resolution/i,
    sentence: 'is on a host whose name can’t be resolved',
    next: 'Check the address, and the name server of n8n’s machine.',
  },
  {
    pattern: /ssl certificate|certificate verify|self.signed certificate|server certificate/i,
    sentence: 'is on a host whose certificate is not trusted',
    next: 'Add its authority on n8n’s machine: the environment variable GIT_SSL_CAINFO names a file with it.',
  },
  {
    pattern: inLine(/transport /i, / not allowed/i),
    sentence: 'sent git on to a kind of address that is not followed',
    next: 'Give the address that it ends at.',
  },
  {
    pattern:
      /failed to connect|connection refused|timed out|connection reset|network is unreachable|operation too slow|early EOF|unexpected disconnect|hung up|could not read from remote/i,
    sentence: 'can’t be reached, or stopped answering',
    next: 'Check the network between n8n’s machine and the host, and run it again.',
  },
  {
    pattern: /out of memory|malloc failed|cannot allocate memory/i,
    sentence: 'lists more branches and tags than git may hold in memory here',
    next: 'Give the full id of a commit as Reference, for which nothing is listed; or a server that speaks version 2 of Git’s protocol.',
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    sentence: 'could not be fetched: the disk of n8n’s machine is full',
    next: 'Free some space, or name another place with N8N_HOT_DEPLOY_GIT_CACHE.',
  },
];

/** `git`'s own words without its progress, at most so many. */
const SHOWN_LINES = 8;

/**
 * Says in one sentence why a repository could not be read, with `git`'s own words in the description. `git` is never
 * told a secret in an address; what a server repeats of a login in its answer is left out.
 *
 * @param secrets what must not be shown
 */
export function explainGit(
  address: RepositoryAddress,
  code: number | null,
  heard: string,
  secrets: readonly string[] = [],
): DeployError {
  const said = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), heard);
  const found = EXPLANATIONS.find(({ pattern }) => pattern.exec(said) !== null);
  const how = code === null ? 'was ended by a signal' : `ended with exit code ${code}`;
  const sentence = found?.sentence ?? `could not be read: git ${how}`;
  const lines = said
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .slice(-SHOWN_LINES);
  return new DeployError('CONNECTION', `Repository ${address.url} ${sentence}.`, {
    description: [found?.next ?? 'What git said follows.', ...lines].join('\n'),
    details: { exitCode: code },
  });
}

/** A server that lists without end, or too much to be looked through. */
export function tooManyNames({ url }: RepositoryAddress): DeployError {
  const most = `${LONGEST_ANSWER / 1024 ** 2} MiB`;
  return new DeployError(
    'CONNECTION',
    `Repository ${url} lists more than ${most} of branches and tags, which are not looked through.`,
    {
      description:
        'Give the full id of a commit as Reference, for which nothing is listed; or a server that speaks version 2 of Git’s protocol, which lists only what it is asked for.',
    },
  );
}

const DAMAGE =
  /bad object|is empty|corrupt|packfile|index file|pack has bad|bad shallow|bad ref|bad tree|bad signature|inflate|not a git repository|unable to (?:read|parse|unpack|resolve)|could not read [0-9a-f]{40}|could not parse|missing (?:blob|tree|commit|necessary)|does not point to a valid|invalid (?:sha1|object|ref)|not a valid object|cannot (?:lock|update) ref|ended prematurely|shallow file|non-?existing object|failed to traverse/i;

/** Whether `git` complains of the repository that it works in, rather than of the one it fetches from. */
export function soundsDamaged(said: string): boolean {
  return said.split(/[\r\n]+/).some((line) => !line.startsWith('remote:') && DAMAGE.test(line));
}
