import { DeployError, toDeployError } from '../errors';
import { parseRepository } from '../git/address';
import { withoutEnd } from '../scan';
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

const DEFAULT_SSH_PORT = 22;

/** `host/owner/name`, with or without a port, as people copy it from the address bar. */
const WITHOUT_PROTOCOL = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?\/[^:]+$/;

/** A part of a repository's path at a forge. A dash in front would read as an option somewhere. */
const PATH_PART = /^(?!-)(?!\.{1,2}$)[\w.~-]+$/;

/** An address taken apart. */
interface Address {
  /** With its port, unless that is the protocol's own. */
  host: string;
  /** Without slashes around it and `.git` after it. */
  path: string;
  /** The address again, whole. */
  text: string;
}

/**
 * Reads a list of repositories, separated by commas, white space or lines: `https://host/owner/name.git`,
 * `ssh://git@host/owner/name.git`, `git@host:owner/name.git` or `host/owner/name`. Of several addresses of one
 * repository the first counts.
 *
 * Throws `INPUT` for an address that Hot Deploy's source Git would not take either, such as one with a password in it,
 * and for one that has no owner and name.
 */
export function parseRepositories(list: string): Repository[] {
  const repositories = new Map<string, Repository>();
  for (const text of list.split(/[\s,]+/).filter(Boolean)) {
    const address = parseConfigured(text);
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
    return undefined;
  }
}

function keyOf({ host, path }: Address): string {
  return `${host}/${path}`.toLowerCase();
}

/** Undefined for what is no repository of a forge; throws where it is not even an address. */
function parseAddress(given: string): Address | undefined {
  const text = WITHOUT_PROTOCOL.test(given) ? `https://${withSuffix(given)}` : given;
  const address = parseRepository(text);
  if (address.kind === 'file') return undefined;
  const sshPort = address.port === DEFAULT_SSH_PORT ? '' : `:${address.port}`;
  const host = address.kind === 'ssh' ? `${address.host}${sshPort}` : new URL(address.url).host;
  const path = trimmed(address.path);
  const parts = path.split('/');
  const isUsable = parts.length >= 2 && parts.every((part) => PATH_PART.test(part));
  return isUsable ? { host, path, text } : undefined;
}

function trimmed(path: string): string {
  return withoutEnd(path.replace(/^\/+/, ''), '/').replace(/\.git$/i, '');
}

function withSuffix(address: string): string {
  return `${trimmed(address)}.git`;
}

function parseConfigured(text: string): Address {
  try {
    const address = parseAddress(text);
    if (address) return address;
  } catch (thrown) {
    throw toDeployError(noUse(toDeployError(thrown)));
  }
  throw new DeployError(
    'INPUT',
    `Repositories has ${quote(text)}, which is no repository of a forge; write https://host/owner/name, ` +
      'git@host:owner/name.git or host/owner/name.',
  );
}

function noUse({ message, description }: DeployError): DeployError {
  const reason = `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
  return new DeployError('INPUT', `Repositories can't be used: ${reason}`, { description });
}
