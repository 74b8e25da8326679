import type { IExecuteFunctions } from 'n8n-workflow';

import type { StepListener } from '../shared/release/steps';

/** Tells n8n's log and, in a manual run, the editor's console about each step as it starts and ends. */
export function progressOf(node: IExecuteFunctions, basePath: string): StepListener {
  const manual = node.getMode() === 'manual';
  return ({ step, phase, durationMs, text }) => {
    const line =
      phase === 'start'
        ? `${basePath}: ${step} …`
        : phase === 'end'
          ? `${basePath}: ${step} done in ${Math.round(durationMs ?? 0)} ms`
          : `${basePath}: ${step}: ${text?.trimEnd().slice(0, 2000)}`;
    if (phase !== 'output') node.logger.info(`Hot Deploy: ${line}`);
    if (manual) node.sendMessageToUI(line);
  };
}
