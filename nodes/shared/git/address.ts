import { DeployError } from '../errors';
import { upTo } from '../scan';

/** Where a repository is, taken apart. */
export interface RepositoryAddress {
  kind: 'https' | 'http' | 'ssh' | 'file';
  /** As `git` is given it: without user, password or anything else that could be secret. */
  url: string;
  /** Lower case; empty for `file`. */
  host: string;
  /** For `ssh`: 22 when the address names none. */
  port: number;
  /** For `ssh`: `git` when the address names none. */
  user: string;
  /** For `ssh`, as the host's own `git-upload-pack` is given it; for `file`, the directory. */
  path: string;
}

/** `git@host:path`, as people copy it from a forge; `[::1]` for addresses with colons. */
const SCP_LIKE =
  /^(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)(.+)$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const SSH_HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])$/;
const EXAMPLES = 'https://github.com/acme/engine.git or git@github.com:acme/engine.git';

/**
 * Reads a repository's address: `https://`, `http://`, `ssh://`, `git@host:path` or `file:///`.
 *
 * Every other form that `git` knows is refused: a plain path, `ext::`, which runs a program, and whatever begins with a
 * hyphen, which `git` would take for an option. So is a password in the address, which others could read there.
 *
 * @throws DeployError `INPUT` quoting the address, a password in it left out
 */
export function parseRepository(given: string): RepositoryAddress {
  const text = given.trim();
  if (text === '') throw refused('is empty', `Give an address such as ${EXAMPLES}.`);
  if (/[\p{Cc}\p{Surrogate}\s]/u.test(text) || text.startsWith('-')) throw notKnown(text);
  const scp = SCP_LIKE.exec(text);
  if (scp && !text.includes('://') && !/^[A-Za-z]+::/.test(text)) {
    // `user:password@host/path`, which somebody meant for another kind of address.
    const [, user, host = '', path = ''] = scp;
    if (user === undefined && /^[^/]*@/.test(path)) throw notKnown(text);
    return sshAddress(host, '', user, path);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || /::/.test(upTo(text, '//'))) throw notKnown(text);
  // `git` takes both for a part of the path: what would be looked at is not what is fetched.
  if (/[?#]/.test(text) || url.pathname.length < 2 || url.hostname.startsWith('-')) throw notKnown(text);
  if (url.protocol === 'file:') return fileAddress(url, text);
  if (url.protocol === 'ssh:') return fromSshUrl(url, text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw notKnown(text);
  if (url.username || url.password) throw withSecret(url);
  if (url.hostname.startsWith('-')) throw notKnown(text);
  const kind = url.protocol === 'https:' ? 'https' : 'http';
  return { kind, url: url.href, host: url.hostname, port: 0, user: '', path: url.pathname };
}

/** Whether plain HTTP to this host stays on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function fromSshUrl(url: URL, text: string): RepositoryAddress {
  if (url.password) throw withSecret(url);
  const path = pathOf(url, text);
  // `git` sends a home directory's path without the slash in front.
  return sshAddress(url.hostname, url.port, url.username, path.startsWith('/~') ? path.slice(1) : path);
}

function sshAddress(host: string, port: string, user = '', path: string): RepositoryAddress {
  const name = user || 'git';
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const shownPath = encodeURI(path.replace(/^\//, '')).replaceAll('?', '%3F').replaceAll('#', '%23');
  const shown = `ssh://${name}@${host.toLowerCase()}${port ? `:${port}` : ''}/${shownPath}`;
  if (!SSH_HOST.test(host) || !USER.test(name)) throw notKnown(shown);
  if (path === '' || path === '/' || path.startsWith('-')) throw notKnown(shown);
  // An address that is read once more loses them, and would lead elsewhere.
  if (path.split('/').some((name) => name === '.' || name === '..')) throw notKnown(shown);
  return { kind: 'ssh', url: shown, host: bare, port: Number(port || 22), user: name, path };
}

function fileAddress(url: URL, text: string): RepositoryAddress {
  const path = pathOf(url, text);
  if (url.host !== '' || path.split('/').includes('..')) throw notKnown(text);
  return { kind: 'file', url: url.href, host: '', port: 0, user: '', path };
}

/** What `git` makes of a path with `%` in it. */
function pathOf({ pathname }: URL, text: string): string {
  let path = '';
  try {
    path = decodeURIComponent(pathname);
  } catch {
    // What it stands for is not text.
  }
  if (path.length < 2 || /\p{Cc}/u.test(path)) throw notKnown(text);
  return path;
}

function notKnown(text: string): DeployError {
  // Whatever kind of address was meant: what stands before the host, or after a question mark, may be a secret.
  const shown = withoutQuery(withoutUser(text));
  return refused(
    `${JSON.stringify(shown)} is not an address that is fetched from`,
    `Give one such as ${EXAMPLES}.`,
  );
}

/** All up to the last @ is taken for a login, unless no colon comes before it, as in `git@host:path`. */
function withoutUser(text: string): string {
  const at = text.lastIndexOf('@');
  if (!text.slice(0, Math.max(0, at)).includes(':')) return text;
  const [protocol = ''] = /^[a-z+.-]*:\/\//i.exec(text) ?? [];
  return `${protocol}…${text.slice(at)}`;
}

function withoutQuery(text: string): string {
  const at = text.search(/[?#]/);
  return at < 0 ? text : `${text.slice(0, at)}?…`;
}

function withSecret(url: URL): DeployError {
  url.username = '';
  url.password = '';
  return refused(
    `${JSON.stringify(url.href)} holds a user name or password, which others could read there`,
    'Take it out of the address and enter it in a Hot Deploy Git API credential.',
  );
}

function refused(reason: string, description: string): DeployError {
  return new DeployError('INPUT', `Repository ${reason}.`, { description });
}
