import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

export class HotDeployEngineSecretsApi implements ICredentialType {
  name = 'hotDeployEngineSecretsApi';

  displayName = 'Hot Deploy Engine Secrets API';

  icon: Icon = { light: 'file:hotDeploySsh.svg', dark: 'file:hotDeploySsh.dark.svg' };

  documentationUrl =
    'https://github.com/hot-deploy/n8n-nodes-hot-deploy/blob/main/docs/reference/credentials.md';

  properties: INodeProperties[] = [
    {
      displayName: 'Variables',
      name: 'secretVariables',
      type: 'string',
      typeOptions: { password: true, rows: 4 },
      default: '',
      required: true,
      placeholder: 'ANTHROPIC_API_KEY=…',
      description:
        'What the engine needs and nobody else may see, one NAME=value a line. Runs get it; outputs and logs never show it.',
    },
    {
      displayName: 'Pass As',
      name: 'pass',
      type: 'options',
      options: [
        { name: 'Environment', value: 'environment' },
        { name: 'JSON on Standard Input', value: 'stdin' },
      ],
      default: 'environment',
      description:
        'How runs get it. The environment goes on to all that a run starts, and into what prints it; standard input goes to who reads it.',
    },
  ];
}
