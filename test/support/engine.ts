import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';

export { makePdf, type PdfOptions } from './pdf';

const FIXTURE = join(__dirname, '..', 'fixtures', 'engine');

/** What the engine's classic check runs, in the engine's directory and with {@link ENGINE_ENVIRONMENT}. */
export const CLASSIC_CHECK = [
  'import sys',
  "sys.path.insert(0, 'src')",
  'from extractor import EvidenceExtractor',
  "engine = EvidenceExtractor('config/default_config.json')",
  'assert len(engine.blocks) == 6',
].join('\n');

/** What the sample engine wants to find in its environment. The key is never used. */
export const ENGINE_ENVIRONMENT = { ANTHROPIC_API_KEY: 'not-a-real-key' };

/**
 * Writes a version of the sample engine to `directory`, which may exist: `base`, or one of `test/fixtures/engine/versions`
 * (`v2`, `v4`, `slow`, `fails-check`, `broken-import`, `broken-syntax`, `broken-config`).
 * Its version label is `1` for `base`, the number for `v2` and `v4`, else its name.
 */
export async function materialiseEngine(version: string, directory: string): Promise<void> {
  const filter = (source: string) => !source.endsWith('__pycache__');
  await cp(join(FIXTURE, 'base'), directory, { recursive: true, filter });
  if (version === 'base') return;
  await cp(join(FIXTURE, 'versions', version), directory, { recursive: true, filter });
  await writeVersion(directory, version.replace(/^v(?=\d+$)/, ''));
}

/** A tar.gz of a version, as {@link materialiseEngine} writes it, below one leading folder `engine-<version>`. */
export async function packEngine(version: string): Promise<Buffer> {
  const cwd = await mkdtemp(join(tmpdir(), 'engine-'));
  try {
    const folder = `engine-${version}`;
    await materialiseEngine(version, join(cwd, folder));
    const chunks: Buffer[] = [];
    for await (const chunk of create({ gzip: true, cwd, portable: true }, [folder]))
      chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/**
 * Stamps `version` on every module and configuration of the engine in `directory`, so that many different releases
 * can be made cheaply and a mixed extraction shows in its output.
 */
export async function writeVersion(directory: string, version: string): Promise<void> {
  if (!/^[\w.-]+$/.test(version)) throw new RangeError(`"${version}" is not usable as a version label`);
  for (const path of await readdir(directory, { recursive: true })) {
    const isCode = path.endsWith('.py');
    if (!isCode && !path.endsWith('.json')) continue;
    const file = join(directory, path);
    const text = await readFile(file, 'utf8');
    const stamped = isCode
      ? text.replace(/^VERSION = '.*'$/m, `VERSION = '${version}'`)
      : text.replace(/"version": ".*?"/, `"version": "${version}"`);
    if (stamped !== text) await writeFile(file, stamped);
  }
}

interface EngineVersions {
  version: string;
  config: string;
  modules: Record<string, string>;
}

/**
 * The distinct versions that took part in an extraction, sorted, from the JSON it wrote (`extract`, or `batch` without
 * `--output`). One version: not mixed. Throws when the output is not such JSON.
 */
export function versionsIn(output: string): string[] {
  const parsed = JSON.parse(output) as
    { engine: EngineVersions } | { results: Array<{ engine: EngineVersions }> };
  const results = 'results' in parsed ? parsed.results : [parsed];
  const versions = results.flatMap(({ engine }) => [
    engine.version,
    engine.config,
    ...Object.values(engine.modules),
  ]);
  return [...new Set(versions)].sort();
}
