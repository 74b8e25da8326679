/** The step that has a release watched once it is kept. */
import { toDeployError } from '../../errors';
import { ruleOf } from '../../rollout/watchPolicy';
import type { StepOf } from '../steps';
import { runArguments } from './checking';
import type { Answered, Handler } from './handler';
import { idOf } from './learned';

export const watch: Handler<StepOf<'watch'>> = {
  order: 'awaited',
  send(step, _context, together, learned) {
    const { entrypoint, policy, checks, prepare, switchService } = step;
    const release = idOf(step.release, learned);
    const asked = { phase: 'after', entrypoint, waiting: false } as const;
    const { reload, address } = switchService ?? {};
    const watched = together.call('watch', {
      release,
      fallback: idOf(step.fallback, learned),
      entrypoint,
      seconds: policy.watchSeconds,
      rule: ruleOf(policy),
      everySeconds: policy.checkSeconds,
      logs: policy.logs,
      checks: checks.map((check) => ({ name: check.name, args: runArguments(check, release, asked) })),
      ...(switchService && { service: { prepare, switch: { reload, address } } }),
    });
    return {
      label: 'have it watched',
      // The release is live and confirmed by its checks, whatever becomes of this.
      answer: () =>
        watched.then(
          ({ rollout }): Answered => ({ learned: rollout ? { rollout } : {} }),
          (thrown: unknown): Answered => ({
            learned: { complaint: `It is not watched: ${toDeployError(thrown).message}` },
          }),
        ),
    };
  },
};
