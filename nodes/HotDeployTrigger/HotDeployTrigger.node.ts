import {
  type IHookFunctions,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { hotDeployWebhookApiTest } from './webhookCredentialTest';
import { triggerFields } from './fields';
import { answerPush, checkSetup } from './webhook';

export class HotDeployTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Hot Deploy Trigger',
    name: 'hotDeployTrigger',
    icon: { light: 'file:hotDeployTrigger.svg', dark: 'file:hotDeployTrigger.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["references"] }}',
    // n8n lists Hot Deploy and its trigger as one entry, and with this text: it speaks for both.
    description:
      'Update a Python engine with zero downtime, or start a workflow when GitHub, GitLab, Gitea, Forgejo or Bitbucket receives a push that needs it',
    eventTriggerDescription: 'Waiting for a push: redeliver one in the forge, or push a commit',
    activationMessage: 'Pushes to the chosen references now start this workflow.',
    defaults: { name: 'Hot Deploy Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'hotDeployWebhookApi', required: true, testedBy: 'hotDeployWebhookApiTest' }],
    webhooks: [
      {
        name: 'default',
        httpMethod: 'POST',
        path: 'webhook',
        // Answered as soon as the run has started. Without an empty `responseData`, n8n would put its own in place of ours.
        responseMode: 'onReceived',
        responseData: '',
      },
    ],
    properties: triggerFields.map(({ property }) => property),
  };

  methods = { credentialTest: { hotDeployWebhookApiTest } };

  webhookMethods = {
    // People add the webhook in the forge themselves: registering it would take an access token.
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        await checkSetup(this);
        return true;
      },
      async create(this: IHookFunctions): Promise<boolean> {
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return answerPush(this);
  }
}
