import type { IExecuteFunctions } from 'n8n-workflow';

import type { StepListener } from '../shared/release/stepLog';
import { printable, printableLines } from '../shared/text/printable';

/**
 * Tells n8n's log and, in a manual run, the editor's console about each step as it starts and ends; and both, in a manual
 * run, what a program prints meanwhile.
 */
export function progressOf(node: IExecuteFunctions, basePath: string): StepListener {
  const manual = node.getMode() === 'manual';
  const { name } = node.getNode();
  const lines = new WholeLines();
  const where = printable(basePath);
  const show = (step: string, text: string) => {
    const before = `${where}: ${printable(step)}: `;
    node.sendMessageToUI(before + printableLines(text));
    for (const line of text.split('\n')) node.logger.info(`${name}: ${before}${printable(line)}`);
  };
  return ({ step, phase, durationMs, text = '' }) => {
    if (phase === 'output') {
      const whole = lines.add(step, text);
      if (manual && whole) show(step, whole);
      return;
    }
    for (const [left, rest] of lines.rest()) if (manual) show(left, rest);
    const what = `${where}: ${printable(step)}`;
    const line = phase === 'start' ? `${what} …` : `${what} done in ${Math.round(durationMs ?? 0)} ms`;
    node.logger.info(`${name}: ${line}`);
    if (manual) node.sendMessageToUI(line);
  };
}

/** Output comes in pieces that end anywhere; people read lines. */
class WholeLines {
  private readonly held = new Map<string, string>();

  /** The whole lines of a step's output so far, without what was given before. */
  add(step: string, text: string): string {
    const all = (this.held.get(step) ?? '') + text;
    const end = all.lastIndexOf('\n') + 1;
    this.held.set(step, all.slice(end));
    return all.slice(0, end).trimEnd();
  }

  /** What each step left without a line end, once something else follows. */
  rest(): Array<[step: string, text: string]> {
    const left = [...this.held].filter(([, text]) => text !== '');
    this.held.clear();
    return left;
  }
}
