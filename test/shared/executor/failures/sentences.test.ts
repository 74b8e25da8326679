import { worded } from '../../../../nodes/shared/executor/failures';
import { REFUSALS } from '../../../support/refusals';

test.each(REFUSALS)('$kind: $message', ({ kind, facts, code, message, description, details }) => {
  const error = worded(kind, facts);
  expect({ ...error, message: error.message }).toEqual({
    name: 'DeployError',
    code,
    message,
    description,
    details: { ...details, skipped: kind === 'skipped' },
  });
});

test('a sentence with a path of any length stays one: its start and its end', () => {
  const path = `/${'é'.repeat(2000)}${'🙂'.repeat(60_000)}`;
  const { message, details } = worded('system', { doing: 'assemble', path, errno: 'EIO', said: 'Too bad' });
  expect(Array.from(message)).toHaveLength(2901);
  expect(message.startsWith('assemble /ééé')).toBe(true);
  expect(message.endsWith('🙂: Too bad')).toBe(true);
  expect(details.path).toBe(path);
});

test('one of 3,000 characters is left as it is', () => {
  const path = '🙂'.repeat(3000 - ' is a link. Move it away, then run again.'.length);
  expect(worded('linkInPlace', { path }).message).toBe(`${path} is a link. Move it away, then run again.`);
});

test('a path that is too deep is shown by its first 200 characters', () => {
  const { message } = worded('pathTooDeep', { path: '🙂/'.repeat(251), most: 250 });
  expect(message).toBe(`Path '${'🙂/'.repeat(99)}🙂… lies more than 250 directories deep.`);
});

test('a lock whose holder wrote nonsense beside it is still a lock', () => {
  const facts = { basePath: '/app', waitedSeconds: 0 };
  for (const holder of [['a'], 7, null, { workflow: 7, execution: {}, since: [], processId: -1 }]) {
    expect(worded('locked', { ...facts, holder })).toMatchObject({
      code: 'LOCKED',
      message: 'another operation holds the lock of /app.',
      description: expect.stringContaining('(id unknown on'),
    });
  }
});

test('what a program printed is in the description to its end, as far as that is bounded', () => {
  const traceback = 'x'.repeat(300_000);
  const { description } = worded('defect', { step: 'list', type: 'KeyError', said: "'x'", traceback });
  expect(description).toBe('x'.repeat(128 * 1024));
});
