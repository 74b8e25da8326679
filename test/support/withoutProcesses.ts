/**
 * A test that imports this needs no process and no connection, although what it imports could start some: it is one of
 * `npm run test:fast`, and held to its word.
 */
import childProcess from 'node:child_process';
import net from 'node:net';

function refuse(): never {
  throw new Error('This test has said that it needs no process and no connection.');
}

beforeAll(() => {
  for (const name of [
    'exec',
    'execFile',
    'execFileSync',
    'execSync',
    'fork',
    'spawn',
    'spawnSync',
  ] as const) {
    jest.spyOn(childProcess, name).mockImplementation(refuse);
  }
  jest.spyOn(net.Socket.prototype, 'connect').mockImplementation(refuse);
  jest.spyOn(net.Server.prototype, 'listen').mockImplementation(refuse);
});

afterAll(() => jest.restoreAllMocks());
