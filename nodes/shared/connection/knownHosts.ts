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
  const [, , salt = '', hash] = field.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** Whether a name is what a pattern with `*` and `?` stands for: each star takes as little as it can, once. */
function matchesPattern(given: string, name: string): boolean {
  const pattern = given.toLowerCase();
  let [at, star, taken] = [0, -1, 0];
  for (let index = 0; index < name.length;) {
    if (pattern[at] === '*') {
      star = at++;
      taken = index;
    } else if (pattern[at] === '?' || pattern[at] === name[index]) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      index = ++taken;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
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
