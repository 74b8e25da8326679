import type { RepositoryAddress } from './address';
import { advertised, CutOff } from './advertised';
import type { HelperServer } from './helperServer';
import { GitRefusal } from './gitAnswer';
import type { ProgramOptions } from './runProgram';
import type { AdvertisedReference } from './reference';
import { type ServerTalk, talkOverHttp, talkOverSsh, talkToDirectory } from './talk';

/** A server, and how it is reached. */
export interface Server {
  address: RepositoryAddress;
  /** For `file`: the repository's own directory. */
  localDirectory?: string | undefined;
  helpers: HelperServer;
  options: ProgramOptions;
}

/**
 * Asks a server for some names: the commits that those lead to which it has.
 *
 * @throws GitRefusal when there is no answer; TooLong, Refused
 */
export async function askServer(server: Server, names: readonly string[]): Promise<AdvertisedReference[]> {
  const talk = await talkTo(server);
  try {
    return await advertised(talk, names);
  } catch (thrown) {
    throw thrown instanceof CutOff ? await refusalOf(talk) : thrown;
  } finally {
    await talk.close();
  }
}

async function talkTo({ address, localDirectory, helpers, options }: Server): Promise<ServerTalk> {
  if (address.kind === 'file') return talkToDirectory(localDirectory ?? address.path, options);
  if (address.kind !== 'ssh') return talkOverHttp(address.kind, options);
  return talkOverSsh(await helpers.startRemote(), address, () => helpers.complaint);
}

const HUNG_UP = 'The remote end hung up before its answer was complete.';

async function refusalOf(talk: ServerTalk): Promise<GitRefusal> {
  const { code, said } = await talk.ended();
  return new GitRefusal({ ok: false, code, stdout: Buffer.alloc(0), said: said || HUNG_UP });
}
