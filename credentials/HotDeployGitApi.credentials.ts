import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

export class HotDeployGitApi implements ICredentialType {
  name = 'hotDeployGitApi';

  displayName = 'Hot Deploy Git API';

  icon: Icon = { light: 'file:hotDeploySsh.svg', dark: 'file:hotDeploySsh.dark.svg' };

  documentationUrl =
    'https://github.com/hot-deploy/n8n-nodes-hot-deploy/blob/main/docs/git.md#private-repositories';

  properties: INodeProperties[] = [
    {
      displayName: 'Repository',
      name: 'repository',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'https://github.com/acme/engine.git',
      description:
        'Address of a repository that this credential opens. Testing asks it, and the credential is never given to any other host than its.',
    },
    {
      displayName: 'Authentication',
      name: 'authentication',
      type: 'options',
      options: [
        { name: 'Deploy Key', value: 'deployKey', description: 'A key for ssh:// and git@ addresses' },
        { name: 'Token', value: 'token', description: 'An access token for https:// addresses' },
        { name: 'User and Password', value: 'password', description: 'For https:// addresses' },
      ],
      default: 'token',
      description: 'How to log in',
    },
    {
      displayName: 'Username',
      name: 'username',
      type: 'string',
      default: '',
      required: true,
      description: 'User to log in as',
      displayOptions: { show: { authentication: ['password'] } },
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
      displayName: 'Token',
      name: 'token',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'Access token; reading the repository’s content is all that it has to allow',
      displayOptions: { show: { authentication: ['token'] } },
    },
    {
      displayName: 'Login Name',
      name: 'loginName',
      type: 'string',
      default: '',
      placeholder: 'x-access-token',
      description:
        'Name sent beside the token. Empty suits GitHub, GitLab, Gitea, Forgejo and access tokens of Bitbucket repositories; an API token of Bitbucket wants x-bitbucket-api-token-auth.',
      displayOptions: { show: { authentication: ['token'] } },
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
        'The whole key with its BEGIN and END lines; its public half is a deploy key of the repository',
      displayOptions: { show: { authentication: ['deployKey'] } },
    },
    {
      displayName: 'Passphrase',
      name: 'passphrase',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      description: 'Passphrase of the private key; leave empty if it has none',
      displayOptions: { show: { authentication: ['deployKey'] } },
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
        'Which host to trust: one or several SHA256 fingerprints, or known_hosts lines. Every forge publishes its own; a host with any other key is refused.',
      displayOptions: { show: { authentication: ['deployKey'] } },
    },
  ];
}
