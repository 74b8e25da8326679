import { utils } from 'ssh2';

import { forgetSecret } from '../../../nodes/shared/connection/loginSecret';
import { makeKey } from '../../support/sshd';

test.each(['ed25519', 'ecdsa', 'rsa'] as const)(
  'P7: a forgotten key of the type %s signs nothing',
  async (type) => {
    const key = utils.parseKey((await makeKey(type)).privateKey);
    if (key instanceof Error) throw key;
    expect(key.getPrivatePEM()).toContain('PRIVATE KEY');
    forgetSecret({ key });
    expect(key.getPrivatePEM()).toBeNull();
    expect(key.sign(Buffer.from('text'))).toBeInstanceOf(Error);
  },
);

test('P7: a forgotten password is nothing but zeros', () => {
  const password = Buffer.from('open sesame');
  forgetSecret({ password });
  expect(password).toEqual(Buffer.alloc(11));
});
