import type { IExecuteFunctions } from 'n8n-workflow';

import { progressOf } from '../../nodes/n8n/progress';
import { UNPRINTABLE } from '../support/hostile';

/** What of n8n a progress line reaches: its log, and the console of whoever looks on. */
function listening() {
  const said: string[] = [];
  const node = {
    getMode: () => 'manual',
    getNode: () => ({ name: 'Hot Deploy' }),
    sendMessageToUI: (line: string) => said.push(line),
    logger: { info: (line: string) => said.push(line) },
  } as unknown as IExecuteFunctions;
  return { node, said };
}

test('P7: neither a base path, nor a check’s name, nor what a program prints forges a line of the log', () => {
  const { node, said } = listening();
  const basePath = '/app\n2026-11-23 | info | Hot Deploy: /app: all is well';
  const step = 'check\u001b[2J\nforged';
  const tell = progressOf(node, basePath);
  tell({ step, phase: 'start' });
  tell({ step, phase: 'output', text: '\u001b[31mred\nsee db://u:hunter22@h/x' });
  tell({ step, phase: 'end', durationMs: 1 });
  expect(said).toHaveLength(8);
  for (const line of said) {
    expect(line).not.toMatch(UNPRINTABLE);
    expect(line).not.toContain('\n');
    expect(line).not.toContain('hunter22');
    expect(line).toMatch(/^(?:Hot Deploy: )?\/app\\n2026/);
  }
});

test('whole lines of a program’s output stay lines, in the console and in the log', () => {
  const { node, said } = listening();
  progressOf(node, '/app')({ step: 'check', phase: 'output', text: 'one\ntwo\nthr' });
  expect(said).toEqual([
    '/app: check: one\ntwo',
    'Hot Deploy: /app: check: one',
    'Hot Deploy: /app: check: two',
  ]);
});
