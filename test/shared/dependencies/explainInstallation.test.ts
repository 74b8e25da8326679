import type { EnvironmentResult } from '../../../nodes/shared/contract/facts';
import type { RecordedDependencies } from '../../../nodes/shared/contract/records';
import { explainInstallation } from '../../../nodes/shared/dependencies/explainInstallation';

/** What is said of what uv printed. */
function said(output: string): string {
  const result = { installer: { name: 'uv' }, run: { stage: 'install', exitCode: 1, output } };
  const recorded = { file: 'requirements.txt', mode: 'virtualEnvironment' };
  return explainInstallation(result as EnvironmentResult, recorded as RecordedDependencies, 600).message;
}

test.each(['401', '403'])('an environment whose name ends with %s is no refused login', (end) => {
  const output = `Using Python 3.11.7 environment at: /app/environments/3f2a9c1${end}
error: No solution found when resolving dependencies
  cause: Because for-windows==1 has no wheels with a matching platform tag and only for-windows==1 is available`;
  expect(said(output)).toContain('for-windows has no version for this Python');
});

test.each(['401 Unauthorized', '403 Forbidden', '401 Client Error: Unauthorized for url'])(
  '“%s” is one',
  (status) => {
    expect(said(`error: could not be queried (${status})`)).toContain('does not accept the credentials');
  },
);

test.each([
  ['uv', 'error: Distribution not found at: file:///opt/build/tiny/work'],
  [
    'pip',
    `Processing /opt/build/tiny/work (from -r requirements.txt (line 1))
ERROR: Could not install packages due to an OSError: [Errno 2] No such file or directory: '/opt/build/tiny/work'`,
  ],
])('a list that conda’s pip freeze made gets advice that helps, with %s', (_installer, output) => {
  expect(said(output)).toContain(
    '/opt/build/tiny/work is where a package was built on another machine: the “pip freeze” of conda',
  );
});

test('a file of the release that is missing is no such list', () => {
  const output = `Processing ./wheels/tiny.whl (from -r requirements.txt (line 1))
ERROR: Could not install packages due to an OSError: [Errno 2] No such file or directory: '/app/wheels/tiny.whl'`;
  expect(said(output)).toContain('/app/wheels/tiny.whl is not there');
});

test('a package that can’t even say what it needs is named', () => {
  const output = `Collecting six==1.16.0 (from -r requirements.txt (line 1))
Collecting numpy==1.19.0 (from -r requirements.txt (line 2))
  Downloading numpy-1.19.0.zip (7.3 MB)
error: metadata-generation-failed`;
  expect(said(output)).toContain('numpy could not be built from its source');
});

test.each([
  "Cannot find command 'git' - do you have 'git' installed",
  'Git executable not found. Ensure that',
])('that git is missing is said: %s', (output) => {
  expect(said(`ERROR: ${output}`)).toContain('there is no git on the engine’s side');
});

test('a download that broke off is a matter of the network, to a new pip, too', () => {
  const output = `  WARNING: Connection interrupted while downloading.
error: incomplete-download
× Download failed after 6 attempts because not enough bytes were received (2 bytes/100 kB)`;
  expect(said(output)).toContain('the package index can’t be reached, or stopped answering');
});
