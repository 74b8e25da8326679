import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSshd, type Sshd } from '../test/support/sshd';
import { Disk } from './disk';
import { countingPython } from './interpreter';
import { type Material, type ScenarioName, scenarioOf, SCENARIOS, writeMaterial } from './scenarios';
import { Served } from './served';

/** What all cells share: versions, prepared engines, a server, a disk whose power can be cut. */
export class Lab {
  private readonly templates = new Map<ScenarioName, string>();
  private readonly counts = new Map<ScenarioName, Record<string, number>>();
  private made = 0;

  private constructor(
    readonly root: string,
    readonly material: Material,
    readonly sshd: Sshd,
    readonly disk: Disk,
  ) {}

  static async open(): Promise<Lab> {
    const root = mkdtempSync(join(tmpdir(), 'hot-deploy-drill-'));
    const material = await writeMaterial(root);
    return new Lab(root, material, await startSshd(), Disk.create(root, 256));
  }

  async close(): Promise<void> {
    await this.sshd.stop();
    await this.disk.close();
    execFileSync('chmod', ['-R', 'u+rwX', this.root]);
    rmSync(this.root, { recursive: true });
  }

  /** A base path as it is before a scenario's operation. */
  async engine(scenario: ScenarioName, onDisk = false): Promise<string> {
    const template = this.templates.get(scenario) ?? (await this.prepare(scenario));
    const base = this.place(onDisk ? this.disk.path : this.root);
    execFileSync('cp', ['-a', `${template}/.`, base]);
    if (onDisk) this.disk.sync();
    return base;
  }

  /** How many points there are inside a verb, in one run of a scenario. */
  async pointsIn(scenario: ScenarioName, verb: string): Promise<number> {
    const counts = this.counts.get(scenario) ?? (await this.count(scenario));
    return counts[verb] ?? 0;
  }

  /** A new directory for one cell. */
  place(parent = this.root): string {
    const path = join(parent, `cell-${this.made++}`);
    mkdirSync(path);
    return path;
  }

  private async prepare(scenario: ScenarioName): Promise<string> {
    const base = this.place();
    await SCENARIOS[scenario].prepare(base, this.material);
    this.templates.set(scenario, base);
    return base;
  }

  private async count(scenario: ScenarioName): Promise<Record<string, number>> {
    const base = await this.engine(scenario);
    const aside = this.place();
    const file = join(aside, 'counts.json');
    const python = await countingPython(aside, file);
    const served = scenarioOf(scenario).serves && (await Served.start(base));
    // One of the scenarios is meant to be refused.
    await SCENARIOS[scenario].run(base, this.material, { python }).catch(() => undefined);
    await served?.stop();
    const counts = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
    this.counts.set(scenario, counts);
    return counts;
  }
}
