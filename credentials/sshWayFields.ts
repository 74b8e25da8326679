import type { INodeProperties } from 'n8n-workflow';

const throughJumpHost = { show: { route: ['jumpHost'] } };
const withOwn = (way: string) => ({ show: { route: ['jumpHost'], jumpAuthentication: [way] } });

/** The jump host's fields, which appear when there is one. */
const jumpHostFields: INodeProperties[] = [
  {
    displayName: 'Jump Host',
    name: 'jumpHost',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'gate.example.com',
    description: 'Name or address of the machine through which the host is reached',
    displayOptions: throughJumpHost,
  },
  {
    displayName: 'Jump Port',
    name: 'jumpPort',
    type: 'number',
    default: 22,
    typeOptions: { minValue: 1, maxValue: 65535, numberPrecision: 0 },
    description: 'Port of the SSH server on the jump host',
    displayOptions: throughJumpHost,
  },
  {
    displayName: 'Jump Username',
    name: 'jumpUsername',
    type: 'string',
    default: '',
    placeholder: 'jump',
    description: 'User to log in as on the jump host; leave empty for the same as on the host',
    displayOptions: throughJumpHost,
  },
  {
    displayName: 'Jump Authentication',
    name: 'jumpAuthentication',
    type: 'options',
    options: [
      { name: 'Password', value: 'password' },
      { name: 'Private Key', value: 'privateKey' },
      { name: 'Same as for the Host', value: 'same' },
    ],
    default: 'same',
    description: 'How to log in to the jump host',
    displayOptions: throughJumpHost,
  },
  {
    displayName: 'Jump Private Key',
    name: 'jumpPrivateKey',
    type: 'string',
    typeOptions: { rows: 4, password: true },
    default: '',
    required: true,
    placeholder: '-----BEGIN OPENSSH PRIVATE KEY-----',
    description: 'The whole key for the jump host, with its BEGIN and END lines',
    displayOptions: withOwn('privateKey'),
  },
  {
    displayName: 'Jump Passphrase',
    name: 'jumpPassphrase',
    type: 'string',
    typeOptions: { password: true },
    default: '',
    description: 'Passphrase of the key for the jump host; leave empty if it has none',
    displayOptions: withOwn('privateKey'),
  },
  {
    displayName: 'Jump Password',
    name: 'jumpPassword',
    type: 'string',
    typeOptions: { password: true },
    default: '',
    required: true,
    description: 'Password of the user on the jump host',
    displayOptions: withOwn('password'),
  },
  {
    displayName: 'Jump Host Key Fingerprint',
    name: 'jumpHostKeyFingerprint',
    type: 'string',
    typeOptions: { rows: 2 },
    default: '',
    required: true,
    placeholder: 'SHA256:…',
    description: 'Which jump host to trust, in the same forms as the Host Key Fingerprint',
    displayOptions: throughJumpHost,
  },
];

/** How the host is reached: directly or through a jump host, and how patiently. */
export const sshWayFields: INodeProperties[] = [
  {
    displayName: 'Route',
    name: 'route',
    type: 'options',
    options: [
      { name: 'Direct', value: 'direct', description: 'N8n connects to the host itself' },
      {
        name: 'Jump Host',
        value: 'jumpHost',
        description: 'N8n connects to another SSH server, and through it to the host',
      },
    ],
    default: 'direct',
    description: 'How the host is reached from n8n',
  },
  ...jumpHostFields,
  {
    displayName: 'Connect Timeout (Seconds)',
    name: 'connectTimeoutSeconds',
    type: 'number',
    default: 20,
    typeOptions: { minValue: 1, maxValue: 600, numberPrecision: 0 },
    description: 'How long connecting and logging in may take, for each host on the way',
  },
  {
    displayName: 'Idle Timeout (Seconds)',
    name: 'idleTimeoutSeconds',
    type: 'number',
    default: 120,
    typeOptions: { minValue: 20, maxValue: 3600, numberPrecision: 0 },
    description:
      'After how long without any sign of life the host counts as lost. Long steps are no silence: the host tells all the while that it is there.',
  },
];
