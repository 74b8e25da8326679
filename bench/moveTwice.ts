import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { DEPLOYED, IMPORT_CHECK } from './fixtures';
import { type Host, runHere } from './host';
import { timed, type Way } from './way';

/** The procedure in use: upload an archive, back up, move the old aside and the new in, check, remove the old. */
export class MoveTwice implements Way {
  readonly name = 'two-step mv';

  constructor(
    private readonly host: Host,
    readonly basePath: string,
    private readonly source: string,
  ) {}

  async deploy(): Promise<number> {
    let checkMs = 0;
    const total = await timed(async () => {
      const archive = `${this.basePath}.upload.tar.gz`;
      await runHere('tar', ['-czf', archive, '-C', this.source, ...DEPLOYED]);
      await this.upload(archive, `${this.basePath}.new.tar.gz`);
      checkMs = Number(await this.host.run(this.script(`${this.basePath}.new.tar.gz`)));
      await rm(archive);
    });
    return total - checkMs;
  }

  /** Only the switch: both sides lie ready. */
  async flip(): Promise<void> {
    const moves = DEPLOYED.map((name) => `mv ${name} ../other/${name}.tmp; mv ../other/${name} ${name}`);
    const back = DEPLOYED.map((name) => `mv ../other/${name}.tmp ../other/${name}`);
    await runHere('sh', ['-ec', [...moves, ...back].join('\n')], this.basePath);
  }

  private async upload(from: string, to: string): Promise<void> {
    const [, ...options] = this.host.sshCommand;
    await runHere('scp', ['-q', ...options, from, `${this.host.address}:${to}`]);
  }

  /** Prints how many milliseconds the import check took. */
  private script(archive: string): string {
    return [
      'set -e',
      `cd ${this.basePath}`,
      `mkdir -p ../backups && tar -czf ../backups/backup.tar.gz ${DEPLOYED.join(' ')}`,
      `rm -rf ../staging && mkdir ../staging && tar -xzf ${archive} -C ../staging`,
      ...DEPLOYED.map((name) => `mv ${name} ${name}.old; mv ../staging/${name} ${name}`),
      'started=$(date +%s%3N)',
      `${this.host.python} -c "${IMPORT_CHECK}"`,
      'ended=$(date +%s%3N)',
      `rm -rf ${DEPLOYED.map((name) => `${name}.old`).join(' ')} ${archive}`,
      'echo $((ended - started))',
    ].join('\n');
  }

  /** Puts another version beside the base path, for {@link flip}. */
  async keepOther(): Promise<void> {
    const other = join(this.basePath, '..', 'other');
    await runHere('cp', ['-a', this.basePath, other]);
  }
}
