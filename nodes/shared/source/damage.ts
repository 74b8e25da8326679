import { DeployError } from '../errors';
import { quote } from './quote';

/**
 * The `INPUT` for an archive that is not what it should be.
 * `archive`: how messages call it; `reached`: the last member of which something was read, empty before the first.
 */
export function damaged(archive: string, reason: string, reached: string, cause?: unknown): DeployError {
  const where = reached === '' ? 'its beginning' : quote(reached);
  const sentence = `${archive} ${reason}, at ${where}; pack and transfer it again.`;
  return new DeployError('INPUT', capitalize(sentence), { cause });
}

/** The {@link damaged} for an archive that ends too early. */
export function cutOff(archive: string, reached: string, cause?: unknown): DeployError {
  return damaged(archive, 'ends before its end, as if it had been cut off', reached, cause);
}

/** What to throw when the archive's stream failed, be it while reading or while decompressing. */
export function unreadableArchive(archive: string, reached: string, thrown: unknown): DeployError {
  if (thrown instanceof DeployError) return thrown;
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return cutOff(archive, reached, thrown);
  return damaged(archive, `can't be read on (${message})`, reached, thrown);
}

/** The sentence with a capital letter in front. */
export function capitalize(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
