/** Steps that put single findings right. */
import type { StepOf } from '../steps';
import type { Handler } from './handler';

export const repair: Handler<StepOf<'repair'>> = {
  order: 'awaited',
  send({ what, path, entrypoint }, _context, together) {
    const repaired = together.call('repair', { what, path, entrypoint });
    return { label: `repair ${path}`, answer: async () => (await repaired) && {} };
  },
};

export const removeEnvironment: Handler<StepOf<'removeEnvironment'>> = {
  order: 'awaited',
  send({ environment, path }, _context, together) {
    const removed = together.call('remove', { environments: [environment] });
    return { label: `remove ${path}`, answer: async () => (await removed) && {} };
  },
};
