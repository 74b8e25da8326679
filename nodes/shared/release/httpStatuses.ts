import { DeployError } from '../errors';

/**
 * Reads `200, 204, 300-399`: statuses of HTTP, from one to another, both included.
 *
 * @throws DeployError `INPUT` quoting what is neither a status nor a range
 */
export function parseStatuses(field: string, given: string): Array<[number, number]> {
  const parts = given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) {
    throw new DeployError(
      'INPUT',
      `${field} is empty. Write statuses such as 200, or a range such as 200-299.`,
    );
  }
  return parts.map((part) => {
    const [, from = '', to = from] = /^([1-5][0-9]{2})(?: ?- ?([1-5][0-9]{2}))?$/.exec(part) ?? [];
    if (from === '' || Number(from) > Number(to)) {
      throw new DeployError(
        'INPUT',
        `${field} has ${JSON.stringify(part)}, which is no status. Write numbers from 100 to 599, or ranges such as 200-299.`,
      );
    }
    return [Number(from), Number(to)];
  });
}
