import type { Readable } from 'node:stream';

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

/** In all, for the way there, redirects and the first line of the answer. */
const ANSWER_MS = 5_000;
const MOST_REDIRECTS = 5;

/** Only how it answers counts: not a byte of what is answered is read. */
async function ask(node: IExecuteFunctions, url: string): Promise<string> {
  const controller = new AbortController();
  const request = {
    url,
    timeout: ANSWER_MS,
    maxRedirects: MOST_REDIRECTS,
    abortSignal: controller.signal,
    encoding: 'stream',
    returnFullResponse: true,
    ignoreHttpStatusErrors: true,
  } as const;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  });
  const answered = node.helpers.httpRequest(request) as Promise<{ statusCode: number; body: Readable }>;
  // Also of an answer that comes when nobody waits for it any more.
  answered.then(({ body }) => body.on('error', () => undefined).destroy()).catch(() => undefined);
  try {
    const { statusCode } = await Promise.race([answered, tooLate]);
    return `answered with ${statusCode}`;
  } catch (error) {
    return `no answer: ${printable((error as Error).message)}`;
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}
