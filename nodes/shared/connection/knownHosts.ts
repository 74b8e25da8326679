import { createHmac } from 'node:crypto';

/** The name under which known_hosts files list a host: the host itself, `[host]:port` off the standard port. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether `field` is the hashed form `|1|salt|hash` that `ssh-keygen -H` writes. */
export function isHashedHost(field: string): boolean {
  return /^\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}=$/.test(field);
}

function matchesHash(field: string, name: string): boolean {
  const [, , salt, hash] = field.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

/**
 * Whether a known_hosts line whose first field is `field` speaks about this host, as sshd(8) describes under
 * "SSH_KNOWN_HOSTS FILE FORMAT": a hash, or a comma list of names with `*` and `?`, where `!name` excludes.
 */
export function speaksAbout(field: string, host: string, port: number): boolean {
  const name = knownHostsName(host, port);
  if (field.startsWith('|')) return matchesHash(field, name);
  const patterns = field.split(',');
  const excluded = patterns.filter((pattern) => pattern.startsWith('!'));
  if (excluded.some((pattern) => matchesPattern(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, name));
}
