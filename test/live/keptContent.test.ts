/** What is entered in the editor of a whole n8n, and stays. */
import { describeKeptContent } from './parts/keptContent';
import { Live } from './support/live';

let live: Live;

beforeAll(async () => {
  live = await Live.open('kept-content');
  await live.setUp();
}, 300_000);

afterAll(async () => {
  await live?.close();
}, 120_000);

describe('the editor', () => describeKeptContent(() => live));
