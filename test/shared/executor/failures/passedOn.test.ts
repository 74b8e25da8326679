import { worded } from '../../../../nodes/shared/executor/failures';
import { evaluate } from '../../../support/pythonModule';

interface Said {
  kind: string;
  facts: Record<string, unknown>;
}

/** What is said of what `raising` raises, having come from another process. */
function passedOn(raising: string, said: string): Said {
  return evaluate<Said>(`
import errno
from hot_deploy import failures, workers

def function():
    ${raising}

answer = json.loads(json.dumps(workers._answer(function, [])))
try:
    workers._outcome(answer)
except (OSError, failures.StepFailed) as raised:
    print(json.dumps(${said}))
`);
}

test('a refusal of another process is passed on as it was said', () => {
  const facts = { release: 'x', missing: ['é', '\udc80'], modified: [], count: 2 };
  const raising = `raise failures.StepFailed("releaseDamaged", **json.loads(${JSON.stringify(JSON.stringify(facts))}))`;
  expect(passedOn(raising, 'raised.as_json()')).toEqual({ kind: 'releaseDamaged', facts });
});

test.each<[string, string, object]>([
  [
    'a full disk',
    'raise OSError(errno.ENOSPC, "No space left on device", "/app/x")',
    {
      message: 'assemble /app/x: No space left on device',
      description: expect.stringContaining('The disk that holds the base path is full.'),
      details: { errno: 'ENOSPC', path: '/app/x', skipped: false },
    },
  ],
  [
    'a path that may not be written to',
    'raise PermissionError(errno.EACCES, "Permission denied", "/app")',
    {
      message: 'assemble /app: Permission denied',
      description: expect.stringContaining("The user on the engine's side may not do this."),
      details: { errno: 'EACCES', path: '/app', skipped: false },
    },
  ],
])('so is what the system said: %s', (_title, raising, error) => {
  const { kind, facts } = passedOn(raising, 'failures.from_os_error(raised, "assemble").as_json()');
  const { message, description, details } = worded(kind, facts);
  expect({ message, description, details }).toMatchObject(error);
});

test.each([
  [
    'raise OSError(errno.ENOSPC, "No space left on device", "/app/x")',
    "[Errno 28] No space left on device: '/app/x'",
  ],
  [
    'raise failures.StepFailed("backupEmpty", name="b.tar.gz")',
    'Backup b.tar.gz is empty. Choose another one.',
  ],
])('what is left undone at the end is said in the same form: %s', (raising, sentence) => {
  const { kind, facts } = passedOn(raising, 'failures.complaint(raised)');
  expect(worded(kind, facts).message).toBe(sentence);
});
