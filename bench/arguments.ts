/** What one run measures. */
export interface Arguments {
  /** Sizes of the trees, in files. */
  files: number[];
  /** Measured deployments of each way and size; warm-up rounds come before. */
  rounds: number;
  /** Measured switches of a service, in each way. */
  switches: number;
  /** Size of the source whose deployment's memory is measured, in MiB. */
  largeMiB: number;
  /** Names of the sections to run. */
  only: readonly string[];
}

export const SECTIONS = [
  'times',
  'readers',
  'extractions',
  'launcher',
  'memory',
  'git',
  'connections',
  'services',
] as const;

const USAGE = `Usage: npm run bench -- [--files 200,10000] [--rounds 5] [--switches 10] [--large] [--only ${SECTIONS.join(',')}]`;

/** Reads the command line. Throws an Error with the usage when it can't be understood. */
export function readArguments(argv: readonly string[]): Arguments {
  const read: Arguments = { files: [200, 10_000], rounds: 5, switches: 10, largeMiB: 256, only: SECTIONS };
  for (let index = 0; index < argv.length; index++) {
    const option = argv[index];
    if (option === '--large') read.largeMiB = 1024;
    else if (option === '--files') read.files = list(argv[++index]).map(count);
    else if (option === '--rounds') read.rounds = count(argv[++index]);
    else if (option === '--switches') read.switches = count(argv[++index]);
    else if (option === '--only') read.only = list(argv[++index]).map(section);
    else throw new Error(USAGE);
  }
  return read;
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',');
}

function count(text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(USAGE);
  return value;
}

function section(text: string): string {
  if (!SECTIONS.some((name) => name === text)) throw new Error(USAGE);
  return text;
}
