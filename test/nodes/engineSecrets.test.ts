/** The credential with an engine's secrets: what of it a run gets, and that a test of it shows names only. */
import type { ICredentialsDecrypted, ICredentialTestFunctions } from 'n8n-workflow';

import { secretsIn } from '../../nodes/RunExtractionEngine/fields/secrets';
import { hotDeployEngineSecretsApiTest } from '../../nodes/RunExtractionEngine/secretsTest';
import { refusalOf } from '../support/thrown';

const tested = (data: Record<string, string>) =>
  hotDeployEngineSecretsApiTest.call(
    {} as ICredentialTestFunctions,
    { id: '1', name: 'Engine', type: 'hotDeployEngineSecretsApi', data } as ICredentialsDecrypted,
  );

test('a run gets each line as a variable, whose value may hold anything', () => {
  const secretVariables = 'API_KEY=sk-a=b c\r\n\n OTHER ="x"\n';
  expect(secretsIn({ secretVariables })).toEqual({
    secrets: { API_KEY: 'sk-a=b c', OTHER: '"x"' },
    secretsOnStdin: false,
  });
  expect(secretsIn({ secretVariables: 'A=1', pass: 'stdin' }).secretsOnStdin).toBe(true);
});

test.each(['sk-123', 'A B=sk-123', 'A=1\nsk-123', '=sk-123'])(
  'P7: what is no variable is refused by its line, and not quoted: %j',
  (secretVariables) => {
    const { code, message } = refusalOf(() => secretsIn({ secretVariables }));
    expect(code).toBe('INPUT');
    expect(message).toMatch(/^Variables of the credential: line \d is not a variable/);
    expect(message).not.toContain('sk-');
  },
);

test('P7: saving it tells the names, or what is wrong, and no value', async () => {
  await expect(tested({ secretVariables: 'API_KEY=sk-123\nB=2' })).resolves.toEqual({
    status: 'OK',
    message: 'Runs get API_KEY, B.',
  });
  await expect(tested({ secretVariables: '' })).resolves.toMatchObject({ status: 'Error' });
  const refused = await tested({ secretVariables: 'sk-123' });
  expect(refused.status).toBe('Error');
  expect(refused.message).not.toContain('sk-');
});
