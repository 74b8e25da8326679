import type { IDataObject, IHookFunctions, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { toNodeError } from '../n8n/nodeError';
import { DeployError, toDeployError } from '../shared/errors';
import { Deliveries } from '../shared/push/deliveries';
import { authenticate, receive, type Refusal } from '../shared/push/receive';
import { complaintAbout } from '../shared/push/secret';
import type { Forge, PushRequest } from '../shared/push/push';
import { forge } from './fields';
import { parametersOfTrigger, readSettings } from './settings';

/**
 * Answers one request. Until its signature was verified nothing is thrown, since n8n keeps an execution of whatever
 * throws, and strangers must not be able to fill its list.
 */
export async function answerPush(context: IWebhookFunctions): Promise<IWebhookResponseData> {
  const request = await readRequest(context);
  const { forge, secret } = await readProtection(context);
  const authenticated = authenticate(request, forge, secret, Date.now());
  if ('refusal' in authenticated) return refuse(context, authenticated.refusal);
  try {
    const settings = readSettings(parametersOfTrigger(context));
    const deliveries = new Deliveries(context.getWorkflowStaticData('node'));
    const outcome = receive(request, authenticated.forge, settings, deliveries);
    if ('refusal' in outcome) return refuse(context, outcome.refusal);
    const webhookResponse = outcome.answer;
    if (outcome.items.length === 0) return { webhookResponse };
    const items = outcome.items.map((item) => ({ json: item as unknown as IDataObject }));
    return { webhookResponse, workflowData: [items] };
  } catch (error) {
    throw toNodeError(context.getNode(), toDeployError(error));
  }
}

/** What would keep every request out, said when the workflow is published. Throws it as the node's. */
export async function checkSetup(context: IHookFunctions): Promise<void> {
  try {
    const read = parametersOfTrigger(context);
    forge.read(read);
    readSettings(read);
    const complaint = complaintAbout(await secretOf(context));
    if (complaint) throw new DeployError('INPUT', complaint);
  } catch (error) {
    throw toNodeError(context.getNode(), toDeployError(error));
  }
}

/** A body that can't be read any more, such as a form with files, leaves nothing that a signature could fit. */
async function readRequest(context: IWebhookFunctions): Promise<PushRequest> {
  const request = context.getRequestObject();
  if (!request.rawBody) await request.readRawBody().catch(() => undefined);
  const body = Buffer.isBuffer(request.rawBody) ? request.rawBody : Buffer.alloc(0);
  return { headers: context.getHeaderData(), body };
}

/** Whatever is missing here leaves the secret empty, with which nothing is let in. */
async function readProtection(
  context: IWebhookFunctions,
): Promise<{ forge: Forge | 'automatic'; secret: string }> {
  try {
    return { forge: forge.read(parametersOfTrigger(context)), secret: await secretOf(context) };
  } catch (error) {
    context.logger.warn(`Hot Deploy Trigger lets nothing in: ${toDeployError(error).message}`);
    return { forge: 'automatic', secret: '' };
  }
}

async function secretOf(context: IWebhookFunctions | IHookFunctions): Promise<string> {
  const { secret } = await context.getCredentials('hotDeployWebhookApi');
  return typeof secret === 'string' ? secret : '';
}

function refuse(context: IWebhookFunctions, { status, reason }: Refusal): IWebhookResponseData {
  const response = context.getResponseObject();
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ decision: 'refused', reason }));
  return { noWebhookResponse: true };
}
