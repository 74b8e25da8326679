import { join } from 'node:path';

import { DEPLOYED } from './fixtures';
import { type Host, runHere } from './host';
import { KEPT_RELEASES } from './ours';
import { timed, type Way } from './way';

/** rsync with hard links to the release before, then a link renamed: what careful people write themselves. */
export class LinkSwap implements Way {
  readonly name = 'rsync + link swap';
  /** What rsync says it has sent and received, of the last deployment. */
  bytes = 0;
  private count = 0;

  constructor(
    private readonly host: Host,
    readonly basePath: string,
    private readonly source: string,
  ) {}

  async deploy(): Promise<number> {
    return timed(async () => {
      this.count++;
      const target = `${this.basePath}/releases/${this.count}`;
      const output = await runHere('rsync', [
        '-a',
        '--stats',
        ...(this.count > 1 ? [`--link-dest=../${this.count - 1}`] : []),
        ...['-e', this.host.sshCommand.join(' ')],
        `${this.source}/`,
        `${this.host.address}:${target}/`,
      ]);
      this.bytes = bytesIn(output, 'sent') + bytesIn(output, 'received');
      await this.host.run(`set -e\n${this.swap(this.count)}\nrm -rf releases/${this.count - KEPT_RELEASES}`);
    });
  }

  /** Only the switch, between the two newest releases. */
  async flip(): Promise<void> {
    const current = await runHere('readlink', ['current'], this.basePath);
    const newest = current.trim() === `releases/${this.count}`;
    await runHere('sh', ['-ec', this.swap(newest ? this.count - 1 : this.count)]);
  }

  /** Makes the links in the base path that lead to what is current. */
  async prepare(): Promise<void> {
    await runHere('mkdir', ['-p', join(this.basePath, 'releases')]);
    for (const name of DEPLOYED) await runHere('ln', ['-s', `current/${name}`, name], this.basePath);
  }

  private swap(release: number): string {
    return `cd ${this.basePath} && ln -s releases/${release} current.tmp && mv -T current.tmp current`;
  }
}

function bytesIn(output: string, direction: 'sent' | 'received'): number {
  const found = new RegExp(`Total bytes ${direction}: ([\\d,]+)`).exec(output);
  if (!found) throw new Error(`rsync did not say how many bytes it has ${direction}:\n${output}`);
  return Number(found[1].replaceAll(',', ''));
}
