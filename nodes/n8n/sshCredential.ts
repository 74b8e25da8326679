import type { INodeCredentialDescription } from 'n8n-workflow';

/** How nodes ask for the way to an engine on another host. */
export const sshCredential: INodeCredentialDescription = {
  name: 'hotDeploySshApi',
  required: true,
  testedBy: 'hotDeploySshApiTest',
  displayOptions: { show: { connection: ['ssh'] } },
};
