import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

export class HotDeployWebhookApi implements ICredentialType {
  name = 'hotDeployWebhookApi';

  displayName = 'Hot Deploy Webhook API';

  icon: Icon = { light: 'file:hotDeployWebhook.svg', dark: 'file:hotDeployWebhook.dark.svg' };

  documentationUrl = 'https://github.com/hot-deploy/n8n-nodes-hot-deploy#hot-deploy-trigger';

  properties: INodeProperties[] = [
    {
      displayName: 'Secret',
      name: 'secret',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description:
        'The same text as in the webhook’s settings of GitHub, Gitea, Forgejo or Bitbucket (Secret), or of GitLab (Secret token, or the whole signing token). <code>openssl rand -hex 32</code> makes a good one.',
    },
  ];
}
