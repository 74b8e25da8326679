/** Steps that take a service along. */
import type { StepOf } from '../steps';
import type { Handler } from './handler';
import { idOf } from './learned';

export const prepareService: Handler<StepOf<'prepareService'>> = {
  order: 'sent',
  send({ release, readySeconds, drainSeconds, keepOldSeconds }, _context, together, learned) {
    const id = release === null ? null : idOf(release, learned);
    const times = { readySeconds, drainSeconds, keepOldSeconds };
    const prepared = together.call('prepareService', { release: id, ...times });
    return {
      label: 'start the new version of the service',
      answer: async () => ({ learned: { serviceReadyMs: (await prepared).milliseconds } }),
    };
  },
};

export const switchService: Handler<StepOf<'switchService'>> = {
  order: 'sent',
  send({ reload, address, alone }, _context, together) {
    const switched = together.call('switchService', { reload, address, alone });
    return {
      label: reload ? 'reload the service' : 'hand the service over',
      answer: async () => ({ learned: { service: await switched } }),
    };
  },
};
