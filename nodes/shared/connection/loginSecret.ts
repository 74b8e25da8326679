import type { ParsedKey } from 'ssh2';

/** What a login is proved with. */
export type Secret = { key: ParsedKey } | { password: Buffer };

/** How ssh2 names what it keeps of a private key. */
const PRIVATE_HALF = 'Private key PEM';

/** Once somebody is logged in, nobody needs it again; ssh2 would keep it for as long as the connection lasts. */
export function forgetSecret(secret: Secret): void {
  if ('password' in secret) {
    secret.password.fill(0);
    return;
  }
  const key = secret.key as unknown as Record<symbol, unknown>;
  for (const name of Object.getOwnPropertySymbols(key)) {
    if (name.description === PRIVATE_HALF) key[name] = null;
  }
}
