import { DeployError } from '../../shared/errors';
import { parsePatternList } from '../../shared/source/patterns';
import { readText } from '../../n8n/values';

/** A list, none of which an installer could take for an option. Throws `INPUT` naming the field and what is in it. */
export function readPackagePlaces(field: string, value: unknown): string[] {
  return [...parsePatternList(readText(field, value))].map((item) => {
    if (!item.startsWith('-')) return item;
    throw new DeployError(
      'INPUT',
      `${field}: ${JSON.stringify(item)} begins with a hyphen, like an option.`,
      {
        description: 'Give an address, or a path such as ./-wheels.',
      },
    );
  });
}

/** Refuses what is no address of an index, and credentials in it: they would be on a command line. */
export function checkAddress(field: string, given: string): string {
  if (given === '') return given;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !['https:', 'http:', 'file:'].includes(url.protocol)) {
    throw new DeployError(
      'INPUT',
      `${field} ${JSON.stringify(given)} is not an address that begins with https://.`,
    );
  }
  if (url.username || url.password) {
    throw new DeployError('INPUT', `${field} holds a user name or password, which others could see there.`, {
      description: 'Set Package Index to Private (Credential), and enter them in that credential.',
    });
  }
  return given;
}
