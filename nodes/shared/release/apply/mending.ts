/** Steps that put single findings right. */
import type { StepOf } from '../steps';
import type { Handler } from './handler';

export const mend: Handler<StepOf<'mend'>> = {
  order: 'awaited',
  send({ what, path, entrypoint }, _context, together) {
    const mended = together.call('mend', { what, path, entrypoint });
    return { label: `mend ${path}`, answer: async () => (await mended) && {} };
  },
};

export const removeEnvironment: Handler<StepOf<'removeEnvironment'>> = {
  order: 'awaited',
  send({ environment, path }, _context, together) {
    const removed = together.call('remove', { environments: [environment] });
    return { label: `remove ${path}`, answer: async () => (await removed) && {} };
  },
};
