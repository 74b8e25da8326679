import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { SERVERS } from '../test/support/documentedSetups';

/** A server as it comes from the package index. */
export interface Server {
  readonly name: string;
  /** The command for an application in a directory. `place`: the descriptor of a socket, or an address to listen at. */
  command(directory: string, place: { fd: string } | { port: number }): string[];
}

export const GUNICORN: Server = {
  name: 'gunicorn',
  command: (directory, place) => [
    ...['gunicorn', '--chdir', directory, '--threads', '4', 'main:wsgi'],
    ...['--bind', 'fd' in place ? `fd://${place.fd}` : `127.0.0.1:${place.port}`],
  ],
};

export const UVICORN: Server = {
  name: 'uvicorn',
  command: (directory, place) => [
    ...['uvicorn', '--app-dir', directory, '--no-access-log', 'main:asgi'],
    ...('fd' in place ? ['--fd', place.fd] : ['--port', String(place.port)]),
  ],
};

/** Takes a while to load, as services do; answers with its version. */
const MAIN = `import time
time.sleep(0.6)
from version import VERSION

def wsgi(environ, start_response):
    start_response('200 OK', [('Content-Length', str(len(VERSION)))])
    return [VERSION.encode()]

async def asgi(scope, receive, send):
    headers = [(b'content-length', str(len(VERSION)).encode())]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': VERSION.encode()})
`;

/** Writes a version of the service into `src` of a directory. */
export async function writeService(directory: string, version: string): Promise<void> {
  const source = join(directory, 'src');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'main.py'), MAIN);
  await writeFile(join(source, 'version.py'), `VERSION = '${version}'\n`);
}

/** In which the servers are found, and leave nothing beside the application. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const path = [join(SERVERS, 'bin'), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, PYTHONDONTWRITEBYTECODE: '1' };
}
