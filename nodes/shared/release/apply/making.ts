/** Steps that make a release. */
import { releaseTime } from '../releaseTime';
import type { StepOf } from '../steps';
import type { Handler } from './handler';
import { idOf } from './learned';
import { sendContent } from './transfer';

export const copyPlain: Handler<StepOf<'copyPlain'>> = {
  order: 'awaited',
  send({ names, entrypoint }, _context, together) {
    const copied = together.call('copyPlain', { time: releaseTime(), names, entrypoint });
    return {
      label: 'copy plain files',
      answer: async () => ({ learned: { adopted: (await copied).release } }),
    };
  },
};

export const describe: Handler<StepOf<'describe'>> = {
  order: 'sent',
  send({ release, fields, kept }, _context, together, learned) {
    const described = together.call('describe', { release: idOf(release, learned), fields, kept });
    return { answer: async () => (await described) && {} };
  },
};

export const backUp: Handler<StepOf<'backUp'>> = {
  order: 'beside',
  send({ release, shared }, _context, together, learned) {
    const asked = { release: idOf(release, learned), shared };
    const archived = together.call('archive', asked, { background: true });
    return { label: 'back up', answer: async () => ({ learned: { backup: (await archived).name } }) };
  },
};

export const bring: Handler<StepOf<'bring'>> = {
  order: 'awaited',
  send({ live, digest, needed, keep, record }, { client, content, log }, together, learned) {
    if (!content) throw new TypeError('a plan that brings a version is applied without its content');
    const encoding = client.connection.remote ? 'deflate' : 'identity';
    const from = live === null ? null : idOf(live, learned);
    const received = together.call('receive', { time: releaseTime(), digest, live: from, needed, keep });
    const assembled = together.call('assemble', { encoding, record });
    const sent = sendContent(client, content, encoding, received);
    // Awaited below; what is refused first may be another step.
    sent.catch(() => undefined);
    return {
      answer: async () => {
        // A source that can't be read ends the conversation, and with it everything that waits for an answer.
        const announced = Promise.race([received, sent.then(() => received)]);
        const { release } = await log.run('announce', () => announced);
        await log.run('transfer and assemble', () => sent.then(() => assembled));
        return { learned: { made: release } };
      },
    };
  },
};

export const place: Handler<StepOf<'place'>> = {
  order: 'sent',
  send({ record, kept }, _context, together) {
    const assembled = together.call('assemble', { encoding: 'identity', record, kept });
    return { answer: async () => (await assembled) && {} };
  },
};

export const compareReleases: Handler<StepOf<'compareReleases'>> = {
  order: 'sent',
  send({ release, against }, { basePath }, together) {
    const compared = together.call('compareReleases', { basePath, release, against });
    return { answer: async () => ({ learned: { changes: (await compared).changes } }) };
  },
};
