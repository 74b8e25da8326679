/** The set-ups that the documentation shows for a service, word for word. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '../../docs/how-to/update-a-service.md');
/** Real servers, as they come from the package index. */
export const SERVERS = join(__dirname, '../../node_modules/.cache/python-servers');

/** The first block of a language below a heading. */
function block(heading: string, language: string): string {
  const [, below = ''] = readFileSync(PAGE, 'utf8').split(`\n### ${heading}\n`);
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(below)?.[1];
  if (found === undefined) throw new Error(`There is no ${language} below ${heading}.`);
  return found;
}

/** What stands behind `key:` of the compose file. */
function composed(key: string): string {
  const found = new RegExp(`^ +${key}: (.+)$`, 'm').exec(block('Compose', 'yaml'))?.[1];
  if (found === undefined) throw new Error(`The compose file has no ${key}.`);
  return found;
}

export const compose = () => ({
  command: composed('command').split(' '),
  directory: composed('working_dir'),
  restart: composed('restart'),
  /** Where the base path is in the container. */
  inside: /'[^']+:([^':]+)'/.exec(composed('volumes'))?.[1] as string,
});

export const unit = (): string => block('A systemd unit', 'ini');

export const mainProgram = () => ({
  text: block('`python main.py`', 'python'),
  command: block('`python main.py`', 'bash').trim().split(' '),
});

/** Where the modules of {@link SERVERS} are. */
export function serverModules(): string {
  const [python = ''] = readdirSync(join(SERVERS, 'lib')).filter((name) => name.startsWith('python'));
  return join(SERVERS, 'lib', python, 'site-packages');
}

export const SELECTION = { include: ['*.py'], exclude: [] };

/**
 * A version of a service: it answers with its number and, to a request that has a body, once that is there, also with the
 * number that a module has that it imports only then.
 */
export const serviceFiles = (version: string) => ({
  'main.py': `
VERSION = '${version}'
print('this is version', VERSION, flush=True)

async def app(scope, receive, send):
    if scope['type'] != 'http':
        return
    said = VERSION
    if scope['method'] == 'POST':
        while (await receive()).get('more_body'):
            pass
        import late
        said += ' ' + late.VERSION
    headers = [(b'content-length', str(len(said)).encode())]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': said.encode()})
`,
  'late.py': `VERSION = '${version}'\n`,
});
