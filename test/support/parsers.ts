/**
 * What reads text from outside, by the file that its regular expressions stand in. A file with expressions that is in
 * neither table fails `test/shared/worstCharacters.test.ts`.
 */
import { Offers } from '../../nodes/shared/connection/sshAlgorithms';
import { fingerprint, parseHostKeys } from '../../nodes/shared/connection/hostKey';
import { isHashedHost, speaksAbout } from '../../nodes/shared/connection/knownHosts';
import { checkLocalContainer } from '../../nodes/shared/connection/localContainers';
import { normalisePrivateKey } from '../../nodes/shared/connection/privateKey';
import { quoteForShell } from '../../nodes/shared/connection/shellQuote';
import { foreign, interrupted } from '../../nodes/shared/connection/sshMessages';
import { basePath, type BasePath, entrypoint, releaseId } from '../../nodes/shared/contract/names';
import type { EnvironmentResult, RunResult } from '../../nodes/shared/contract/facts';
import type { RecordedDependencies } from '../../nodes/shared/contract/records';
import { explainInstallation } from '../../nodes/shared/dependencies/explainInstallation';
import { readLockReferences } from '../../nodes/shared/dependencies/lockLines';
import { packageChanges } from '../../nodes/shared/dependencies/packages';
import { findRequirements } from '../../nodes/shared/dependencies/requirementFiles';
import { LONGEST_LINE, readRequirementLines } from '../../nodes/shared/dependencies/requirementLines';
import { encodeAhead } from '../../nodes/shared/executor/ahead';
import { worded } from '../../nodes/shared/executor/failures';
import { quoted } from '../../nodes/shared/executor/failures/repr';
import { interpreterArguments, passwordLine } from '../../nodes/shared/executor/interpreter';
import { explainNoAnswer } from '../../nodes/shared/executor/noAnswer';
import { parseRepository, type RepositoryAddress } from '../../nodes/shared/git/address';
import { explainGit, soundsDamaged } from '../../nodes/shared/git/explain';
import { checkReference, isShortCommit, namesFor } from '../../nodes/shared/git/reference';
import { checkSubdirectory } from '../../nodes/shared/git/subdirectory';
import { readBounds } from '../../nodes/RunExtractionEngine/fields/bounds';
import { safeName } from '../../nodes/n8n/itemFile';
import { readWanted } from '../../nodes/RunExtractionEngine/fields/output';
import { asHtml } from '../../nodes/n8n/asHtml';
import { within } from '../../nodes/n8n/field';
import { readHttpCheck } from '../../nodes/n8n/httpCheckFields';
import { readMoment } from '../../nodes/n8n/momentFields';
import { readReplay } from '../../nodes/n8n/replayCheckFields';
import { readWatch } from '../../nodes/n8n/rolloutFields';
import { readText } from '../../nodes/n8n/values';
import { readVariables } from '../../nodes/n8n/variables';
import { withoutPasswords } from '../../nodes/shared/text/passwords';
import { printable, printableLines } from '../../nodes/shared/text/printable';
import { readCommit, readReference } from '../../nodes/shared/push/gitNames';
import { deliveryOf } from '../../nodes/shared/push/headers';
import { parsePayload, plain } from '../../nodes/shared/push/payload';
import { findRepository, parseRepositories } from '../../nodes/shared/push/repositories';
import { signingKey } from '../../nodes/shared/push/secret';
import { verify } from '../../nodes/shared/push/signature';
import type { Probe } from '../../nodes/shared/contract/facts';
import type { Check } from '../../nodes/shared/release/checks';
import { parseStatuses } from '../../nodes/shared/release/httpStatuses';
import { reasonOf } from '../../nodes/shared/release/apply/reason';
import { startsOf } from '../../nodes/shared/release/starts';
import { escapeText } from '../../nodes/shared/report/markup';
import { jsonInFile, jsonLinesPrinted, jsonPrinted } from '../../nodes/shared/run/printed';
import { brokenRule, parseRules } from '../../nodes/shared/run/successRule';
import { inLine, withoutEnd, wordBefore } from '../../nodes/shared/scan';
import { DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import { checkLinks } from '../../nodes/shared/source/links';
import { checkEntryPath } from '../../nodes/shared/source/paths';
import { createSelection, parsePatternList } from '../../nodes/shared/source/patterns';
import { parsePax } from '../../nodes/shared/source/pax';
import { asBasePath, asEntrypoint } from './named';

/** Reads a text. It may throw what it likes. */
type Reader = (text: string) => unknown;

const ADDRESS = { url: 'https://git.example/a/b', kind: 'https' } as unknown as RepositoryAddress;
const EXIT = { code: 1, signal: null };
const RECORDED = { file: 'requirements.txt', mode: 'virtualEnvironment' } as RecordedDependencies;

function installed(stage: string, output: string): EnvironmentResult {
  return { installer: { name: 'pip' }, run: { stage, exitCode: 1, output } } as EnvironmentResult;
}

function pax(keyword: string, text: string): Buffer {
  const rest = ` ${keyword}=${text}\n`;
  let length = Buffer.byteLength(rest);
  while (String(length).length + Buffer.byteLength(rest) > length) length += 1;
  return Buffer.from(`${length}${rest}`);
}

const selection = createSelection(DEFAULT_SELECTION);

const REPLAYED = { words: ['{inputFile}'], timeoutSeconds: 60 };

/** By file, below `nodes`. */
export const PARSERS: Readonly<Record<string, readonly Reader[]>> = {
  'RunExtractionEngine/fields/bounds.ts': [
    (text) => readBounds(within({ options: { successExitCodes: text } })),
    (text) => readBounds(within({ options: { environment: text } })),
  ],
  'n8n/itemFile.ts': [safeName],
  'RunExtractionEngine/fields/output.ts': [
    (text) => readWanted(within({ output: 'json', jsonFrom: 'marker', marker: text })),
  ],
  'n8n/asHtml.ts': [asHtml],
  'n8n/momentFields.ts': [(text) => readMoment(within({ options: { deploymentWindow: text } }), () => 'UTC')],
  'n8n/values.ts': [(text) => readText('Field', text)],
  'n8n/httpCheckFields.ts': [
    (text) => readHttpCheck(within({ url: text }), (label) => label),
    (text) => readHttpCheck(within({ url: 'http://a', headers: text }), (label) => label),
    (text) => readHttpCheck(within({ url: 'http://a', headers: `A: ${text}` }), (label) => label),
    (text) => readHttpCheck(within({ url: 'http://a', expectedJson: text }), (label) => label),
  ],
  'n8n/rolloutFields.ts': [
    (text) => readWatch(within({ options: { rollout: 'watch', watchLogs: text } })),
    (text) => readWatch(within({ options: { rollout: 'watch', watchLogs: `$ ${text} = a` } })),
  ],
  'n8n/replayCheckFields.ts': [
    (text) => readReplay(within({ inputDirectory: 'a', tolerance: text }), (label) => label, REPLAYED),
    (text) => readReplay(within({ inputDirectory: 'a', listKeys: text }), (label) => label, REPLAYED),
    (text) => readReplay(within({ inputDirectory: 'a', ignoreFields: text }), (label) => label, REPLAYED),
  ],
  'shared/release/httpStatuses.ts': [(text) => parseStatuses('Expected Status', text)],
  'n8n/variables.ts': [(text) => readVariables('Environment', text)],
  'shared/connection/hostKey.ts': [
    parseHostKeys,
    (text) => parseHostKeys(`256 SHA256:${'A'.repeat(43)} ${text}`),
    (text) => fingerprint(Buffer.from(text)),
  ],
  'shared/connection/knownHosts.ts': [isHashedHost, (text) => speaksAbout(text, 'host.example', 22)],
  'shared/connection/localContainers.ts': [
    (text) => checkLocalContainer(text, 'docker', { containers: 'engine', commands: text }),
  ],
  'shared/connection/privateKey.ts': [
    normalisePrivateKey,
    (text) => normalisePrivateKey(`-----BEGIN RSA PRIVATE KEY-----\n${text}\n-----END RSA PRIVATE KEY-----`),
  ],
  'shared/connection/shellQuote.ts': [(text) => quoteForShell(['python3', text])],
  'shared/connection/sshAlgorithms.ts': [
    (text) => new Offers().note(text),
    (text) => {
      const offers = new Offers();
      offers.note(`Handshake: (remote) KEX method: ${text}`);
      return offers.explain(`no matching key exchange algorithm ${text}`);
    },
  ],
  'shared/connection/sshMessages.ts': [
    foreign,
    (text) => interrupted({ host: 'h', port: 22, username: 'u' } as never, 'handshake' as never, text),
  ],
  'shared/contract/names.ts': [
    // They stop at 4,096 characters: the rest of the text makes no difference.
    (text) => basePath.parse(text.slice(0, 4096), ''),
    (text) => basePath.parse(`/${text.slice(0, 4000)}`, ''),
    (text) => entrypoint.parse(text.slice(0, 4096), ''),
    (text) => releaseId.parse(text, ''),
  ],
  'shared/dependencies/explainInstallation.ts': [
    (text) => explainInstallation(installed('install', text), RECORDED, 600),
    (text) => explainInstallation(installed('check', text), RECORDED, 600),
  ],
  'shared/dependencies/explanations.ts': [
    ...[
      'error: ',
      'is not a supported wheel on this platform ',
      'Failed to build ',
      'ResolutionImpossible: ',
      'No matching distribution found for x ',
      'Git operation failed ',
    ].map(
      (before) => (text: string) => explainInstallation(installed('install', before + text), RECORDED, 600),
    ),
  ],
  'shared/dependencies/lockLines.ts': [(text) => readLockReferences(text, 'pylock.toml')],
  'shared/dependencies/packages.ts': [(text) => packageChanges([[text, '1']], [[text, '2']])],
  'shared/dependencies/requirementFiles.ts': [
    (text) => {
      const files = [{ path: 'requirements.txt', type: 'file' as const, digest: 'd' }];
      return findRequirements(
        { entries: files, readTexts: async () => new Map([['requirements.txt', text]]) },
        { requirements: '', constraints: '', findLinks: [] } as never,
      ).catch(() => undefined);
    },
  ],
  'shared/dependencies/requirementLines.ts': ['', '-r', '-e', '--find-links', 'a @ ', 'file:', './a'].map(
    (before) => (text: string) =>
      readRequirementLines((before + text).slice(0, LONGEST_LINE), 'requirements.txt'),
  ),
  'shared/executor/ahead.ts': [
    (text) => encodeAhead('holdRelease', { args: { basePath: text as BasePath, release: null } }),
  ],
  'shared/executor/failures/index.ts': [
    (text) => worded(text, {}),
    (text) => worded('system', { said: text, errno: text }),
  ],
  'shared/executor/failures/repr.ts': [quoted],
  'shared/executor/failures/system.ts': [(text) => worded('system', { said: text, errno: 'EIO' })],
  'shared/executor/interpreter.ts': [
    (text) => interpreterArguments({ python: text, become: 'none', runtime: 'host' } as never),
    (text) =>
      interpreterArguments({
        python: 'python3',
        become: 'none',
        runtime: 'container',
        container: text,
      } as never),
    passwordLine,
  ],
  'shared/executor/noAnswer.ts': [
    (text) => explainNoAnswer({ python: 'python3', runtime: 'host' } as never, 'host', EXIT as never, text),
    (text) =>
      explainNoAnswer(
        { python: 'python3', runtime: 'container', container: 'c' } as never,
        'host',
        EXIT as never,
        text,
      ),
  ],
  'shared/git/address.ts': ['', 'https://', 'ssh://git@', 'git@host:', 'file:///'].map(
    (before) => (text: string) => parseRepository(before + text),
  ),
  'shared/git/explain.ts': [(text) => explainGit(ADDRESS, 1, text), soundsDamaged],
  'shared/git/reference.ts': [checkReference, isShortCommit, namesFor],
  'shared/git/subdirectory.ts': [checkSubdirectory],
  'shared/push/gitNames.ts': [
    (text) => readReference(`refs/heads/${text}`),
    (text) => readCommit('after', text),
  ],
  'shared/push/headers.ts': [(text) => deliveryOf({ 'x-github-delivery': text }, 'github')],
  'shared/push/payload.ts': [
    plain,
    (text) => parsePayload(Buffer.from(text), 'application/json'),
    (text) => parsePayload(Buffer.from(JSON.stringify({ text })), 'application/json'),
    (text) => parsePayload(Buffer.from(`payload=${text}`), 'application/x-www-form-urlencoded'),
  ],
  'shared/push/repositories.ts': [
    parseRepositories,
    (text) => findRepository(parseRepositories('https://github.com/a/b'), [text, `host/${text}`]),
  ],
  'shared/push/secret.ts': [(text) => signingKey(`whsec_${text}`)],
  'shared/push/signature.ts': [
    (text) =>
      verify(
        'gitlab',
        `whsec_${Buffer.alloc(32).toString('base64')}`,
        {
          headers: { 'webhook-id': text, 'webhook-timestamp': text, 'webhook-signature': text },
          body: Buffer.from(text),
        },
        0,
      ),
  ],
  'shared/release/apply/reason.ts': [
    (text) =>
      reasonOf(
        { type: 'python', timeoutSeconds: 1 } as Check,
        { exitCode: 1, output: `Traceback (most recent call last):\n${text}` } as RunResult,
      ),
  ],
  'shared/release/starts.ts': [
    (text) =>
      startsOf([], { names: [{ name: text, type: 'file' }] } as unknown as Probe, {
        basePath: asBasePath('/app'),
        entrypoint: asEntrypoint('run.py'),
      }),
  ],
  'shared/report/markup.ts': [escapeText],
  'shared/run/printed.ts': [
    (text) => jsonPrinted(text, { from: 'stdout' }),
    (text) => jsonPrinted(text, { from: 'lastLine' }),
    (text) => jsonPrinted(text, { from: 'marker', marker: 'RESULT' }),
    jsonLinesPrinted,
    (text) => jsonInFile('a.json', text),
  ],
  'shared/run/successRule.ts': [
    (text) => parseRules('Success Rule', text),
    (text) => parseRules('Success Rule', text.slice(0, 1000)),
    (text) => brokenRule({ a: text }, parseRules('Success Rule', 'a contains "b"')),
    (text) => brokenRule({ a: text }, parseRules('Success Rule', 'a > 1')),
  ],
  'shared/scan.ts': [
    (text) => withoutEnd(text, ' /='),
    (text) => wordBefore(text, '.whl'),
    (text) => inLine('a', /b/, 'c').exec(text),
  ],
  'shared/source/links.ts': [(text) => checkLinks([{ path: 'a', type: 'link', target: text } as never])],
  'shared/source/paths.ts': [checkEntryPath],
  'shared/source/patterns.ts': [
    parsePatternList,
    (text) => selection.includes(checkEntryPath(text)),
    (text) => selection.includes(`src/${text.slice(0, 4000)}`),
  ],
  'shared/source/pax.ts': [
    (text) => parsePax(pax('path', text)),
    (text) => parsePax(Buffer.from(text)),
    (text) => parsePax(pax('size', text)),
  ],
  'shared/text/passwords.ts': [withoutPasswords],
  'shared/text/printable.ts': [printable, printableLines],
};

/** By file, below `nodes`: why what its expressions read is not as long as somebody outside likes, or is read elsewhere. */
export const NOT_FED: Readonly<Record<string, string>> = {
  'RunExtractionEngine/operations/stopRuns.ts': 'single characters, and IDs by a form that is anchored',
  'n8n/nodeDescription.ts': 'names of our own parameters',
  'n8n/nodeError.ts': 'single characters of our own sentences; none of it repeats',
  'shared/connection/loadKey.ts': 'reads what privateKey.ts normalized',
  'shared/connection/local.ts': 'names of n8n’s own environment',
  'shared/connection/openSshKey.ts': 'cuts the base64 of a key that was parsed',
  'shared/connection/sshAttempt.ts': 'an identification of at most 255 characters, which ssh2 cuts',
  'shared/connection/sshJump.ts': 'replaces names of fields in our own sentences',
  'shared/dependencies/install.ts':
    'paths of files and arguments, in single looks at a suffix or a character',
  'shared/dependencies/planned.ts': 'the suffix of a path',
  'shared/executor/client.ts': 'two words in our own description',
  'shared/executor/withoutComments.ts': 'the package’s own program, by single characters',
  'shared/git/advertised.ts': 'the line of one packet, of at most 65,516 bytes, by forms that are anchored',
  'shared/git/cache.ts': 'names in the cache’s own directory, of at most 255 bytes',
  'shared/git/credentials.ts': 'one control character in a person’s own user name',
  'shared/git/fetch.ts': 'words of git, none of which repeats',
  'shared/git/gitEnvironment.ts': 'names of n8n’s own environment',
  'shared/git/listing.ts': 'a row of git’s own form, anchored at its beginning',
  'shared/git/localRepository.ts': 'a file on n8n’s own machine, by fixed words',
  'shared/git/packets.ts': 'four digits at a time',
  'shared/git/talk.ts': 'names of n8n’s own environment, and the first character of a row',
  'shared/operations/attempt.ts': 'the last character of our own sentence',
  'shared/release/decide/planDigest.ts': 'has a fixed length',
  'shared/release/releaseTime.ts': 'a clock’s own text',
  'shared/report/reportFacts.ts': 'single characters of a release’s id',
  'shared/source/archiveScan.ts': 'paths that tar.ts read, anchored at their beginning',
  'shared/source/globNodes.ts': 'the two ends of a range; how long names take is in `shared/source/glob`',
  'shared/source/tar.ts': 'a number that pax.ts read, of digits only',
};
