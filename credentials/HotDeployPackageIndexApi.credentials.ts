import type {
  IAuthenticateGeneric,
  Icon,
  ICredentialTestRequest,
  ICredentialType,
  INodeProperties,
} from 'n8n-workflow';

export class HotDeployPackageIndexApi implements ICredentialType {
  name = 'hotDeployPackageIndexApi';

  displayName = 'Hot Deploy Package Index API';

  icon: Icon = { light: 'file:hotDeploySsh.svg', dark: 'file:hotDeploySsh.dark.svg' };

  documentationUrl = 'https://github.com/hot-deploy/n8n-nodes-hot-deploy/blob/main/docs/dependencies.md';

  properties: INodeProperties[] = [
    {
      displayName: 'Index URL',
      name: 'indexUrl',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'https://packages.example.com/simple/',
      description: 'Address of the package index, as pip is given it',
    },
    {
      displayName: 'Username',
      name: 'username',
      type: 'string',
      default: '',
      placeholder: '__token__',
      description: 'User the index knows; for access tokens often __token__',
    },
    {
      displayName: 'Password',
      name: 'password',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'Password or access token',
    },
  ];

  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { auth: { username: '={{$credentials.username}}', password: '={{$credentials.password}}' } },
  };

  test: ICredentialTestRequest = { request: { baseURL: '={{$credentials.indexUrl}}', url: '' } };
}
