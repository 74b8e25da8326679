/** Steps that change what extractions find, and what is tidied up afterwards. */
import { toDeployError } from '../../errors';
import type { StepOf } from '../steps';
import { stillRunning } from '../stillRunning';
import { unseenIn } from '../unseen';
import type { Answered, Applying, Handler } from './handler';
import { idOf } from './learned';
import { NOTHING_PRUNED, prunedBy, removals, withPruned } from './pruned';

export const adopt: Handler<StepOf<'adopt'>> = {
  order: 'sent',
  send({ entrypoint }, _context, together) {
    const adopted = together.call('adopt', { entrypoint });
    return { label: 'adopt', answer: async () => ({ learned: { adoption: await adopted } }) };
  },
};

export const takeBack: Handler<StepOf<'takeBack'>> = {
  order: 'awaited',
  send({ reason }, _context, together) {
    const reverted = together.call('revert', { reason });
    return { answer: async () => (await reverted) && {} };
  },
};

export const drain: Handler<StepOf<'drain'>> = {
  order: 'sent',
  send({ entrypoint, seconds: waitSeconds }, _context, together) {
    const drained = together.call('drain', { entrypoint, waitSeconds });
    return {
      label: 'wait for earlier extractions',
      answer: async () => {
        const { left, unseen } = await drained;
        return { learned: { unpinned: left.length, ...unseenIn(unseen) } };
      },
    };
  },
};

export const flip: Handler<StepOf<'flip'>> = {
  order: 'sent',
  send({ release, operation, entrypoint, aside, share }, _context, together, learned) {
    const id = idOf(release, learned);
    const flipped = together.call('flip', { release: id, operation, entrypoint, aside, share });
    return {
      label: 'switch',
      answer: async () => {
        const { milliseconds: switchedMs, unpinned } = await flipped;
        return { learned: { switchedMs, ...(unpinned !== undefined && { unpinned }) } };
      },
    };
  },
};

export const confirm: Handler<StepOf<'confirm'>> = {
  order: 'sent',
  send(_step, _context, together) {
    const confirmed = together.call('confirm', {});
    return {
      label: 'confirm',
      answer: async () => {
        const { pinning, gapMs } = await confirmed;
        return {
          learned: {
            ...(pinning !== undefined && { pinning }),
            ...(gapMs !== undefined && { serviceGapMs: gapMs }),
          },
        };
      },
    };
  },
};

export const prune: Handler<StepOf<'prune'>> = {
  order: 'awaited',
  send({ tidying, releases, backups, environments }, _context, together, { backup }) {
    const named = backups.flatMap((name) => (name === 'new' ? (backup ?? []) : name));
    const removed = removals({ releases, backups: named, environments }).map((some) =>
      together.call('remove', some),
    );
    return {
      label: tidying ? 'clean up' : 'prune',
      // After a switch the release is live and stays so, whatever becomes of the tidying.
      answer: () =>
        Promise.all(removed).then(
          (all): Answered => {
            const pruned = all.map(prunedBy).reduce(withPruned, NOTHING_PRUNED);
            return { learned: { pruned, ...unseenIn(pruned.unseen) } };
          },
          (thrown: unknown): Answered => {
            const error = toDeployError(thrown);
            return tidying ? { learned: { complaint: error.message } } : { failure: error };
          },
        ),
    };
  },
};

export const detach: Handler<StepOf<'detach'>> = {
  order: 'awaited',
  send: (step, context) => ({ answer: () => detachAndWait(step, context) }),
};

async function detachAndWait(step: StepOf<'detach'>, applying: Applying): Promise<Answered> {
  let answered: Answered | undefined;
  try {
    answered = await exchangeAndWait(step, applying);
    return answered;
  } finally {
    if (answered?.learned === undefined) await handBack(step, applying);
  }
}

async function exchangeAndWait(step: StepOf<'detach'>, applying: Applying): Promise<Answered> {
  const { entrypoint, waitSeconds } = step;
  const { client, log } = applying;
  const detached = await log.run('exchange links for files', () =>
    client.call('detach', { entrypoint, waitSeconds }),
  );
  const { left, inUse, unseen } = await log.run('wait for extractions', () =>
    client.call('drain', { entrypoint, waitSeconds, leased: true }),
  );
  const [first] = left;
  if (!first && inUse.length === 0) return { learned: { detached, ...unseenIn(unseen) } };
  await log.run('take back', () => client.call('attach', {}));
  return { failure: stillRunning(inUse.join(', ') || `process ${first?.processId}`, waitSeconds) };
}

/** The engine stays what it was: so do its services. Where that fails, the next operation does it. */
async function handBack({ servedBefore }: StepOf<'detach'>, { client, log }: Applying): Promise<void> {
  if (!servedBefore) return;
  const { release, times } = servedBefore;
  await log
    .run('hand the service back', async () => {
      await client.call('prepareService', { release, ...times });
      await client.call('switchService', { alone: true });
    })
    .catch(() => undefined);
}

export const dismantle: Handler<StepOf<'dismantle'>> = {
  order: 'awaited',
  send({ everything }, _context, together) {
    const dismantled = together.call('dismantle', { everything });
    return {
      label: 'remove releases',
      answer: async () => ({ learned: { dismantled: await dismantled } }),
    };
  },
};
