import { execFileSync } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type DependencyOptions, NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import { PYTHON } from './deployment';
import { writeVersion } from './engine';

/** A pure-Python wheel to build. */
export interface Wheel {
  name: string;
  version: string;
  /** Text of each module, by file name. */
  modules?: Record<string, string>;
  /** `Requires-Dist` lines. */
  requires?: string[];
  /** `Requires-Python`. */
  requiresPython?: string;
  /** Default `py3-none-any`. */
  tag?: string;
}

const BUILD = `
import json, sys, zipfile
wheel, directory = json.load(sys.stdin), sys.argv[1]
stem = "%s-%s" % (wheel["name"].replace("-", "_"), wheel["version"])
info = stem + ".dist-info/"
lines = ["Metadata-Version: 2.1", "Name: " + wheel["name"], "Version: " + wheel["version"]]
lines += ["Requires-Dist: " + line for line in wheel.get("requires", [])]
if wheel.get("requiresPython"):
    lines.append("Requires-Python: " + wheel["requiresPython"])
files = dict(wheel.get("modules", {}))
files[info + "METADATA"] = "\\n".join(lines) + "\\n"
files[info + "WHEEL"] = "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: %s\\n" % wheel["tag"]
files[info + "RECORD"] = "".join("%s,,\\n" % name for name in list(files) + [info + "RECORD"])
path = "%s/%s-%s.whl" % (directory, stem, wheel["tag"])
with zipfile.ZipFile(path, "w") as archive:
    for name, text in files.items():
        archive.writestr(name, text)
print(path)
`;

/** Builds a wheel into `directory`. Returns its path. */
export function writeWheel(directory: string, wheel: Wheel): string {
  const input = JSON.stringify({ tag: 'py3-none-any', ...wheel });
  return execFileSync(PYTHON, ['-c', BUILD, directory], { input, encoding: 'utf8' }).trim();
}

/** Builds the package `keywords`, whose module of that name says its version. */
export function writeKeywords(directory: string, version: string): string {
  return writeWheel(directory, {
    name: 'keywords',
    version,
    modules: { 'keywords.py': `VERSION = '${version}'\n` },
  });
}

/** Installs from a directory of wheels and nowhere else. */
export function offline(wheelhouse: string, changes: Partial<DependencyOptions> = {}): DependencyOptions {
  return {
    ...NO_DEPENDENCIES,
    mode: 'virtualEnvironment',
    noIndex: true,
    findLinks: [wheelhouse],
    ...changes,
  };
}

/**
 * Makes an engine need the package `keywords`, which it imports in its last stage and names among its modules: an
 * extraction that sees code of one release and the dependency of another has mixed versions.
 */
export async function needKeywords(source: string): Promise<void> {
  const writer = join(source, 'src', 'writer.py');
  const text = await readFile(writer, 'utf8');
  await writeFile(
    writer,
    text.replace(
      "    result['engine']['modules'] = loaded_versions()\n    if directory",
      "    import keywords\n\n    result['engine']['modules'] = dict(loaded_versions(), keywords=keywords.VERSION)\n    if directory",
    ),
  );
}

/** Stamps `version` on an engine and on the `keywords` that it requires. */
export async function requireKeywords(source: string, version: string): Promise<void> {
  await writeVersion(source, version);
  await writeFile(join(source, 'requirements.txt'), `keywords==${version}\n`);
  await appendFile(join(source, 'requirements.txt'), '# and nothing else\n');
}

/** Keeps pip's and uv's settings of this machine out of a test file. */
export function withoutInstallerSettings(): void {
  const saved = { ...process.env };
  beforeAll(() => {
    for (const name of Object.keys(process.env)) if (/^(PIP|UV)_/.test(name)) delete process.env[name];
    Object.assign(process.env, { PIP_CONFIG_FILE: '/dev/null', UV_NO_CONFIG: '1' });
  });
  afterAll(() => {
    for (const name of ['PIP_CONFIG_FILE', 'UV_NO_CONFIG']) delete process.env[name];
    Object.assign(process.env, saved);
  });
}

/** Directory of the real uv that `scripts/prepare.js --test` installs, to be put on an executor's PATH. */
export const UV_DIRECTORY = join(__dirname, '../../node_modules/.cache/uv/bin');

/**
 * Builds a source distribution into `directory` whose build backend is `backend`: Python code with a function
 * `build_wheel(directory, config, metadata)`. It needs nothing else to be installed.
 */
export function writeSourceDistribution(directory: string, name: string, backend: string): string {
  const script = `
import io, sys, tarfile
name, directory, backend = sys.argv[1:]
stem = name + "-1.0"
files = {
    "PKG-INFO": "Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % name,
    "pyproject.toml": '[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n'
    '[project]\\nname = "%s"\\nversion = "1.0"\\n' % name,
    "backend.py": backend,
}
path = "%s/%s.tar.gz" % (directory, stem)
with tarfile.open(path, "w:gz") as archive:
    for path_inside, text in files.items():
        data = text.encode()
        member = tarfile.TarInfo(stem + "/" + path_inside)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
print(path)
`;
  return execFileSync(PYTHON, ['-c', script, name, directory, backend], { encoding: 'utf8' }).trim();
}
