import { DeployError } from '../errors';
import { quote } from '../source/quote';

/** A repository that a trigger is set up for. */
export interface Repository {
  /** Host, port unless it is the protocol's own, and path in lower case: the same for all addresses of a repository. */
  key: string;
  /** The path as it was written, such as `owner/name`. */
  name: string;
  /** As it was written; `https://host/owner/name.git` for `host/owner/name`. */
  cloneUrl: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80', 'ssh:': '22' };

/** A part of a repository's path. A dash in front would read as an option somewhere. */
const PATH_PART = /^(?!-)(?!\.{1,2}$)[\w.~-]+$/;
const HOST = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** An address taken apart. `text` is it again, whole. */
interface Address {
  host: string;
  /** Empty for the protocol's own. */
  port: string;
  path: string;
  text: string;
}

/**
 * Reads a list of repositories, separated by commas, white space or lines: `https://host/owner/name.git`,
 * `ssh://git@host/owner/name.git`, `git@host:owner/name.git` or `host/owner/name`. Of several addresses of one
 * repository the first counts.
 *
 * Throws `INPUT` for an address that is none, or that holds a password: whatever is emitted would show it.
 */
export function parseRepositories(list: string): Repository[] {
  const repositories = new Map<string, Repository>();
  for (const text of list.split(/[\s,]+/).filter(Boolean)) {
    const address = parseAddress(text);
    if (!address) throw noAddress(text);
    const key = keyOf(address);
    if (!repositories.has(key)) repositories.set(key, { key, name: address.path, cloneUrl: address.text });
  }
  if (repositories.size === 0) {
    throw new DeployError(
      'INPUT',
      'Repositories is empty; list the repositories whose pushes are let in, for example https://github.com/owner/name.',
    );
  }
  return [...repositories.values()];
}

/** The repository that one of these addresses leads to. */
export function findRepository(
  repositories: readonly Repository[],
  addresses: readonly string[],
): Repository | undefined {
  const keys = new Set(addresses.map(keyOfClaimed));
  return repositories.find(({ key }) => keys.has(key));
}

/** The key of an address that a payload claims; undefined for what is none. */
function keyOfClaimed(text: string): string | undefined {
  try {
    const address = parseAddress(text);
    return address && keyOf(address);
  } catch {
    // With a password in it: no forge says such a thing of itself.
    return undefined;
  }
}

function keyOf({ host, port, path }: Address): string {
  return `${host}${port && `:${port}`}/${path}`.toLowerCase();
}

function parseAddress(text: string): Address | undefined {
  if (text.includes('://')) return parseUrl(text);
  const scp = /^(?:\w[\w.-]*@)([^:/@]+):\/*(.+)$/.exec(text) ?? /^([^:/@]+):(?!\d+\/)\/*(.+)$/.exec(text);
  if (scp) return addressOf(scp[1], '', scp[2], text);
  const plain = /^([^:/@]+)(?::(\d{1,5}))?\/(.+)$/.exec(text);
  if (!plain) return undefined;
  const [, host, port = '', path] = plain;
  const address = addressOf(host, port, path, '');
  return address && { ...address, text: `https://${host}${port && `:${port}`}/${address.path}.git` };
}

function parseUrl(text: string): Address | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !(url.protocol in DEFAULT_PORTS) || url.search || url.hash) return undefined;
  if (url.password || (url.username && url.protocol !== 'ssh:')) throw withPassword(url);
  if (url.username && !/^\w[\w.-]*$/.test(url.username)) return undefined;
  const port = url.port === DEFAULT_PORTS[url.protocol] ? '' : url.port;
  return addressOf(url.hostname, port, url.pathname, text);
}

function addressOf(host: string, port: string, rawPath: string, text: string): Address | undefined {
  const path = rawPath.replace(/^\/+|\/+$/g, '').replace(/\.git$/i, '');
  const parts = path.split('/');
  const isUsable = HOST.test(host) && parts.length >= 2 && parts.every((part) => PATH_PART.test(part));
  return isUsable ? { host, port, path, text } : undefined;
}

function noAddress(text: string): DeployError {
  return new DeployError(
    'INPUT',
    `Repositories has ${quote(text)}, which is no repository’s address; write https://host/owner/name, ` +
      'git@host:owner/name.git or host/owner/name.',
  );
}

function withPassword(url: URL): DeployError {
  return new DeployError(
    'INPUT',
    `Repositories has an address at ${quote(url.host)} with a user or password in it, which every output would show; ` +
      'leave it out, and let the node that fetches use a credential.',
  );
}
