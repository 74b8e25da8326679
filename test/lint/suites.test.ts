import { basename, join } from 'node:path';

const { suite } = jest.requireActual<{ suite(name: string): string[] }>('../../scripts/suites');

/** What a real shell makes of a command can't be known without one. */
const ASKS_A_SHELL = ['shellOperators.test.ts'];

/** A helper that reaches a process would move a test to the slow suites, and what it covers out of the measured one. */
test('what is decided is tested without processes', () => {
  const slow = [...suite('together'), ...suite('alone')];
  const decisions = slow.filter((file) => file.includes(join('test', 'shared', 'release')));
  expect(decisions.map((file) => basename(file))).toEqual(ASKS_A_SHELL);
});
