/** Clients of a service that open a connection for each request, and what became of each request. */
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { BackToBack } from '../../test/support/backToBack';
import { versionsIn } from '../../test/support/engine';

const LONGEST_MS = 10_000;

/** What became of a request. `refused`: no connection; `cut`: one, and no whole answer; `failed`: an answer that is none. */
export type Fate = 'answered' | 'refused' | 'cut' | 'failed';

export interface Request {
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number;
  fate: Fate;
  /** The versions that its answer shows: one, unless a mixture answered. */
  versions: string[];
  /** What one that was not answered met with. */
  complaint?: string;
}

type Answer = Omit<Request, 'startedAt' | 'endedAt'>;

/** Requests, back to back, of several clients, until they are stopped. */
export class Clients extends BackToBack<Request> {
  constructor(port: number, count: number) {
    super(count, async () => {
      const startedAt = Date.now();
      const answer = await request(port);
      return { startedAt, endedAt: Date.now(), ...answer };
    });
  }
}

/** Waits until a service that was just started has answered. */
export async function firstAnswer(port: number): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  let answer = await request(port);
  while (answer.fate !== 'answered') {
    if (performance.now() > end) throw new Error(`The service did not answer: ${answer.complaint}`);
    await pause(20);
    answer = await request(port);
  }
}

/** Asks once, over a connection of its own. */
function request(port: number): Promise<Answer> {
  return new Promise((resolve) => {
    let connected = false;
    const lost = (error: Error) =>
      resolve({ fate: connected ? 'cut' : 'refused', versions: [], complaint: error.message });
    const sent = get({ host: '127.0.0.1', port, agent: false, timeout: LONGEST_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, text)));
      response.on('error', lost);
    });
    sent.on('socket', (socket) => socket.once('connect', () => (connected = true)));
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${LONGEST_MS} ms`)));
    sent.on('error', lost);
  });
}

function answerOf(status: number, text: string): Answer {
  if (status !== 200) return { fate: 'failed', versions: [], complaint: `${status}: ${text}` };
  try {
    return { fate: 'answered', versions: versionsIn(text) };
  } catch (error) {
    return { fate: 'failed', versions: [], complaint: (error as Error).message };
  }
}
