import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { printable } from '../shared/text/printable';
import { option, trimmed } from './field';

/** Asks n8n itself before and after. */
export const n8nHealthUrl = option(
  trimmed({
    displayName: 'n8n Health URL',
    name: 'n8nHealthUrl',
    default: '',
    placeholder: 'http://127.0.0.1:5678/healthz',
    description: 'Asked before and after, so that the output shows that n8n answered throughout',
  }),
);

/** n8n's own process, as it was when an operation began. */
export interface N8nProcess {
  processId: number;
  /** ISO 8601. */
  startedAt: string;
  health?: string;
}

/** Looks at n8n's own process and, where a URL is given, whether n8n answers there. */
export async function lookAtN8n(node: IExecuteFunctions, healthUrl: string): Promise<N8nProcess> {
  // To the second: both numbers come from clocks of their own.
  const startedAt = new Date(Math.round(Date.now() / 1000 - process.uptime()) * 1000).toISOString();
  const seen: N8nProcess = { processId: process.pid, startedAt };
  if (healthUrl) seen.health = await ask(node, healthUrl);
  return seen;
}

/** The `n8n` field of an output: the same process before and after means that n8n was not restarted. */
export async function n8nField(
  node: IExecuteFunctions,
  before: N8nProcess,
  healthUrl: string,
): Promise<IDataObject> {
  const after = await lookAtN8n(node, healthUrl);
  const field: IDataObject = {
    processId: after.processId,
    startedAt: before.startedAt,
    restarted: after.processId !== before.processId,
  };
  if (healthUrl) field.health = { before: before.health, after: after.health };
  return field;
}

async function ask(node: IExecuteFunctions, url: string): Promise<string> {
  try {
    const options = { url, timeout: 5_000, returnFullResponse: true, ignoreHttpStatusErrors: true };
    const response = (await node.helpers.httpRequest(options)) as { statusCode: number };
    return `answered with ${response.statusCode}`;
  } catch (error) {
    return `no answer: ${printable((error as Error).message)}`;
  }
}
