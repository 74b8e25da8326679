import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

import { sshWayFields } from './sshWayFields';

export class HotDeploySshApi implements ICredentialType {
  name = 'hotDeploySshApi';

  displayName = 'Hot Deploy SSH API';

  icon: Icon = { light: 'file:hotDeploySsh.svg', dark: 'file:hotDeploySsh.dark.svg' };

  documentationUrl = 'https://github.com/hot-deploy/n8n-nodes-hot-deploy#readme';

  properties: INodeProperties[] = [
    {
      displayName: 'Host',
      name: 'host',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'engine.example.com',
      description: 'Name or address of the machine the engine runs on',
    },
    {
      displayName: 'Port',
      name: 'port',
      type: 'number',
      default: 22,
      typeOptions: { minValue: 1, maxValue: 65535, numberPrecision: 0 },
      description: 'Port of the SSH server on that machine',
    },
    {
      displayName: 'Username',
      name: 'username',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'deploy',
      description: 'User to log in as; has to be allowed to write the base path, unless Become is used',
    },
    {
      displayName: 'Authentication',
      name: 'authentication',
      type: 'options',
      options: [
        { name: 'Password', value: 'password' },
        { name: 'Private Key', value: 'privateKey' },
      ],
      default: 'privateKey',
      description: 'How to log in',
    },
    {
      displayName: 'Private Key',
      name: 'privateKey',
      type: 'string',
      typeOptions: { rows: 4, password: true },
      default: '',
      required: true,
      placeholder: '-----BEGIN OPENSSH PRIVATE KEY-----',
      description:
        'The whole key with its BEGIN and END lines: ed25519, ECDSA or RSA, in the format of OpenSSH, PEM or PKCS#8',
      displayOptions: { show: { authentication: ['privateKey'] } },
    },
    {
      displayName: 'Passphrase',
      name: 'passphrase',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      description: 'Passphrase of the private key; leave empty if it has none',
      displayOptions: { show: { authentication: ['privateKey'] } },
    },
    {
      displayName: 'Password',
      name: 'password',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'Password of the user',
      displayOptions: { show: { authentication: ['password'] } },
    },
    {
      displayName: 'Host Key Fingerprint',
      name: 'hostKeyFingerprint',
      type: 'string',
      typeOptions: { rows: 2 },
      default: '',
      required: true,
      placeholder: 'SHA256:…',
      description:
        'Which host to trust: one or several SHA256 fingerprints, or known_hosts lines. <code>ssh-keyscan HOST | ssh-keygen -lf -</code> prints them; compare with what <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code> prints on the host itself. A host with any other key is refused.',
    },
    {
      displayName: 'Become',
      name: 'become',
      type: 'options',
      options: [
        { name: 'None', value: 'none', description: 'Work as the user who logs in' },
        { name: 'Sudo', value: 'sudo', description: 'Work as root with sudo, without a password' },
        {
          name: 'Sudo with Password',
          value: 'sudoPassword',
          description: 'Work as root with sudo and a password',
        },
      ],
      default: 'none',
      description: 'Whether to change the user after the login',
    },
    {
      displayName: 'Sudo Password',
      name: 'sudoPassword',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'Password that sudo asks the user for',
      displayOptions: { show: { become: ['sudoPassword'] } },
    },
    {
      displayName: 'Access',
      name: 'access',
      type: 'options',
      options: [
        { name: 'Full', value: 'full', description: 'Every operation' },
        {
          name: 'Read Only',
          value: 'readOnly',
          description: 'Lists, and operations that change nothing, such as Get Status and Plan Deployment',
        },
      ],
      default: 'full',
      description: 'What this credential may be used for',
    },
    ...sshWayFields,
  ];
}
