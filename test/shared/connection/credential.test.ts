import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { HotDeploySshApi } from '../../../credentials/HotDeploySshApi.credentials';

const credential = new HotDeploySshApi();

it('has the fields and defaults that workflows rely on', () => {
  expect(credential.name).toBe('hotDeploySshApi');
  expect(Object.fromEntries(credential.properties.map(({ name, default: value }) => [name, value]))).toEqual({
    host: '',
    port: 22,
    username: '',
    authentication: 'privateKey',
    privateKey: '',
    passphrase: '',
    password: '',
    hostKeyFingerprint: '',
    become: 'none',
    sudoPassword: '',
    access: 'full',
    route: 'direct',
    jumpHost: '',
    jumpPort: 22,
    jumpUsername: '',
    jumpAuthentication: 'same',
    jumpPrivateKey: '',
    jumpPassphrase: '',
    jumpPassword: '',
    jumpHostKeyFingerprint: '',
    connectTimeoutSeconds: 20,
    idleTimeoutSeconds: 120,
  });
});

it('P7: masks every secret, and leaves the fingerprint readable', () => {
  const masked = credential.properties
    .filter(({ typeOptions }) => typeOptions?.password)
    .map(({ name }) => name);
  const jump = ['jumpPrivateKey', 'jumpPassphrase', 'jumpPassword'];
  expect(masked).toEqual(['privateKey', 'passphrase', 'password', 'sudoPassword', ...jump]);
});

it('names icons that exist, and the homepage of the package', () => {
  const { light, dark } = credential.icon as { light: string; dark: string };
  for (const icon of [light, dark]) {
    const file = join(__dirname, '../../../credentials', icon.replace('file:', ''));
    expect(readFileSync(file, 'utf8')).toMatch(/^<svg [^>]*viewBox="0 0 60 60"/);
  }
  const { homepage } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as {
    homepage: string;
  };
  expect(credential.documentationUrl).toBe(homepage);
});
