/** An engine that reads an input and puts a report out, for replays. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Check } from '../../nodes/shared/release/checks';
import type { DeployOptions } from '../../nodes/shared/release/options';
import type { ReplaySettings } from '../../nodes/shared/replay/replaySettings';
import { deployTo } from './deployment';
import { replaySettings } from './replaySettings';
import { writeTree } from './tree';

/** `change`: lines of Python that may change `report`, with `name`, `text` and `output` at hand. */
export function reportingEngine(change = ''): Record<string, string> {
  return {
    'run.py': `import json, os, sys, time, uuid
from src.report import report_of
path, output = sys.argv[1:3]
name, text = os.path.basename(path), open(path).read()
report = report_of(text)
${change}
with open(os.path.join(output, "report.json"), "w") as file:
    json.dump(report, file)
print("done", name)
`,
    'src/__init__.py': '',
    'src/report.py': `def report_of(text):
    words = text.split()
    return {"words": len(words), "evidence": [{"id": "e%d" % i, "text": w, "score": len(w) / 10} for i, w in enumerate(words)]}
`,
    'config/version.json': '{}',
    'requirements.txt': '',
  };
}

/** A directory with so many inputs. */
export function inputs(directory: string, count: number): string {
  const made = mkdtempSync(join(directory, 'inputs-'));
  for (let number = 0; number < count; number += 1) {
    const name = `input-${String(number).padStart(2, '0')}.txt`;
    writeFileSync(join(made, name), `alpha beta gamma ${'x'.repeat(number + 1)}`);
  }
  return made;
}

export function replayCheck(changes: Partial<ReplaySettings> = {}): Check {
  return {
    ...{ type: 'replay', name: 'Replay', when: 'before', timeoutSeconds: 60, environment: {} },
    replay: replaySettings(changes),
  };
}

/** Deploys a version of it that `change` makes another one. */
export async function deployReporting(
  make: (purpose?: string) => Promise<string>,
  base: string,
  change = '',
  changes: Partial<DeployOptions> = {},
): ReturnType<typeof deployTo> {
  const source = await make('source');
  await writeTree(source, reportingEngine(change));
  return deployTo(base, source, changes);
}
