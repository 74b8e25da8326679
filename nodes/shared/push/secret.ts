import { withoutEnd } from '../scan';

/** How GitLab's signing tokens begin, and all of Standard Webhooks'. */
const SIGNING_PREFIX = 'whsec_';

/** What Standard Webhooks asks of a key. */
const MIN_KEY_BYTES = 24;

const MIN_CHARACTERS = 16;

/** The key inside a signing token; undefined for a secret of another kind. */
export function signingKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(SIGNING_PREFIX)) return undefined;
  const encoded = secret.slice(SIGNING_PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  const isWhole = withoutEnd(key.toString('base64'), '=') === withoutEnd(encoded, '=');
  return isWhole && key.length >= MIN_KEY_BYTES ? key : undefined;
}

/** What is wrong with a secret, in one sentence that doesn't show it; undefined when nothing is. */
export function complaintAbout(secret: string): string | undefined {
  if (secret === '')
    return 'Secret is empty; enter a long random text here and in the forge’s webhook settings.';
  if (secret !== secret.trim()) {
    return 'Secret begins or ends with white space; paste it again without.';
  }
  if (secret.length < MIN_CHARACTERS) {
    return `Secret has ${secret.length} characters, and whoever guesses it can start deployments; use ${MIN_CHARACTERS} random ones or more.`;
  }
  if (secret.startsWith(SIGNING_PREFIX) && !signingKey(secret)) {
    return 'Secret begins like a signing token, but is not a whole one; copy it again from GitLab.';
  }
  return undefined;
}
