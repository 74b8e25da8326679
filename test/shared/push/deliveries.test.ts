import { randomUUID } from 'node:crypto';

import fc from 'fast-check';

import { type Forge, FORGES, type PushRequest } from '../../../nodes/shared/push/push';
import { holds } from '../../support/property';
import { size } from '../../support/size';
import { deliver, FIRST, HEAD, type Payload, payloadOf, ZEROS } from '../../support/pushes';
import { received, receivedOf, type TriggerOptions } from '../../support/triggers';

const commit = (index: number) => index.toString(16).padStart(40, 'c');

/** GitHub's payload of a forced push from one commit to another, which is always acted on. */
const move = (before: string, after: string, ref = 'refs/heads/main') => ({
  ...payloadOf('github'),
  ref,
  before,
  after,
  forced: true,
  pushed_at: ++pushedAt,
});

/** GitHub says when a push was, so that the same move again is another body. */
let pushedAt = 0;

/** The push that takes another one back. */
function reversed(forge: Forge, payload: Payload): Payload {
  if (forge === 'bitbucket') {
    for (const change of payload.push.changes) [change.old, change.new] = [change.new, change.old];
    return payload;
  }
  return { ...payload, before: payload.after, after: payload.before, checkout_sha: payload.before };
}

/** A trigger that remembers, and tells whether it acts on a delivery. */
function trigger(options: TriggerOptions = {}) {
  const store = {};
  return {
    store,
    actsOn: (payload: unknown, delivery?: string) =>
      received('github', payload, { ...options, store }, delivery ? { delivery } : {}).items.length === 1,
  };
}

test.each(FORGES)('P9: %s: a delivery that comes again is ignored, and says so', (forge) => {
  const store = {};
  const again = () => received(forge, payloadOf(forge), { store }, { delivery: 'the-same' });
  expect(again().items).toHaveLength(1);
  expect(again()).toMatchObject({
    items: [],
    answer: { decision: 'ignored', reason: 'This delivery was acted on before.' },
  });
});

test.each(FORGES)('P9: %s: so it is when the forge gave it a new identifier', (forge) => {
  const store = {};
  expect(received(forge, payloadOf(forge), { store }).items).toHaveLength(1);
  expect(received(forge, payloadOf(forge), { store }).items).toEqual([]);
});

test('P9: an old delivery that comes again after newer ones doesn’t take the engine back', () => {
  const { actsOn } = trigger();
  expect([actsOn(move(commit(1), commit(2))), actsOn(move(commit(2), commit(3)))]).toEqual([true, true]);
  expect(actsOn(move(commit(1), commit(2)))).toBe(false);
});

test('going back and forth by pushing is no redelivery', () => {
  const { actsOn } = trigger();
  expect(actsOn(move(commit(1), commit(2)))).toBe(true);
  expect(actsOn(move(commit(2), commit(1)))).toBe(true);
  expect(actsOn(move(commit(1), commit(2)))).toBe(true);
});

test('P9: the forge’s own identifier tells a redelivery that could be such a push', () => {
  const { actsOn } = trigger();
  expect(actsOn(move(commit(1), commit(2)), 'there')).toBe(true);
  expect(actsOn(move(commit(2), commit(1)), 'back')).toBe(true);
  expect(actsOn(move(commit(1), commit(2)), 'there')).toBe(false);
});

test.each(FORGES)('%s: a body that was acted on is refused, whatever identifier comes with it', (forge) => {
  const store = {};
  const send = (payload: unknown, delivery: string) => received(forge, payload, { store }, { delivery });
  const [there, back] = [payloadOf(forge), reversed(forge, payloadOf(forge))];
  expect(send(there, 'one').items).toHaveLength(1);
  expect(send(back, 'two').items).toHaveLength(1);
  // It starts where the branch is again, and nobody signed the identifier.
  expect(send(there, 'three')).toMatchObject({
    items: [],
    answer: { decision: 'ignored', reason: 'This delivery was acted on before.' },
  });
  // The same push by a person has a body of its own.
  expect(send({ ...there, pushed_at: 3 }, 'four').items).toHaveLength(1);
});

test('a replay under the name of another forge is no other body', () => {
  const store = {};
  const there = { ...payloadOf('github'), total_commits: 1 };
  expect(received('gitea', there, { store }).items).toHaveLength(1);
  const back = { ...there, before: there.after, after: there.before };
  expect(received('gitea', back, { store }).items).toHaveLength(1);
  expect(received('github', there, { store }).items).toEqual([]);
});

test('who only replays what was recorded never starts anything, nor makes an older commit live', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.array(fc.nat(30), { maxLength: 4 })), { maxLength: 25 });
  holds(
    steps,
    (pushes) => {
      const store = {};
      const recorded: PushRequest[] = [];
      let [branch, live] = [9, 9];
      // What is deployed is the branch as it is by then: see test/nodes/pushToDeploy.test.ts.
      const send = (request: PushRequest) => {
        const { items } = receivedOf(request, { store });
        if (items.length > 0) live = branch;
        return items.length;
      };
      for (const [target, replays] of pushes) {
        if (target !== branch) {
          recorded.push(deliver('github', move(commit(branch), commit(target))));
          branch = target;
          expect(send(recorded[recorded.length - 1])).toBe(1);
        }
        for (const which of recorded.length > 0 ? replays : []) {
          const { headers, body } = recorded[which % recorded.length];
          expect(send({ headers: { ...headers, 'x-github-delivery': randomUUID() }, body })).toBe(0);
        }
        expect(live).toBe(branch);
      }
    },
    size(100, 300),
  );
});

test('a tag that is deleted and made again is acted on again', () => {
  const { actsOn } = trigger();
  expect(actsOn(move(ZEROS, HEAD))).toBe(true);
  expect(actsOn({ ...move(HEAD, ZEROS), head_commit: null, deleted: true })).toBe(false);
  expect(actsOn(move(ZEROS, HEAD))).toBe(true);
});

test('one delivery that moves several references is none of them twice', () => {
  const store = {};
  const selects = () => true;
  const first = received(
    'bitbucket',
    payloadOf('bitbucket-several'),
    { store, selects },
    { delivery: 'one' },
  );
  expect(first.items.map(({ branch, tag }) => branch ?? tag)).toEqual(['main', 'v1.4.0', 'next']);
  expect(
    received('bitbucket', payloadOf('bitbucket-several'), { store, selects }, { delivery: 'one' }).items,
  ).toEqual([]);
});

test('what was not acted on is decided anew, when the trigger has been set up otherwise', () => {
  const store = {};
  const delivery = { delivery: 'the-same' };
  const payload = payloadOf('github');
  for (const listed of payload.commits)
    Object.assign(listed, { added: [], modified: ['README.md'], removed: [] });
  expect(received('github', payload, { store }, delivery).items).toEqual([]);
  expect(received('github', payload, { store, selects: () => false }, delivery).items).toEqual([]);
  expect(received('github', payload, { store, emitAll: true }, delivery).items).toHaveLength(1);
});

test('P8: 200 references and 2,500 bodies are remembered, and no more', () => {
  const { store, actsOn } = trigger({ selects: () => true });
  for (let index = 0; index < 250; index += 1) {
    expect(actsOn(move(FIRST, HEAD, `refs/heads/b${index}`), `d-${index}`)).toBe(true);
  }
  expect((store as { deliveries: unknown[] }).deliveries).toHaveLength(200);
  expect(JSON.stringify(store).length).toBeLessThan(64 * 1024);
  for (let index = 0; index < 2500; index += 1) actsOn(move(HEAD, commit(index)));
  expect((store as { bodies: unknown[] }).bodies).toHaveLength(2500);
  expect(JSON.stringify(store).length).toBeLessThan(128 * 1024);
});

test('P8: the oldest references are forgotten first', () => {
  const { actsOn } = trigger({ selects: () => true });
  for (let index = 0; index < 250; index += 1) {
    expect(actsOn(move(FIRST, HEAD, `refs/heads/b${index}`), `d-${index}`)).toBe(true);
  }
  expect(actsOn(move(FIRST, HEAD, 'refs/heads/b249'), 'd-249')).toBe(false);
  expect(actsOn(move(FIRST, HEAD, 'refs/heads/b0'), 'd-0')).toBe(true);
});

test('whatever else was stored, deliveries are decided on', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (deliveries, bodies) => {
      const store = { deliveries, bodies };
      expect(received('github', payloadOf('github'), { store }).items).toHaveLength(1);
      expect(received('github', payloadOf('github'), { store }).items).toEqual([]);
    }),
  );
});

test('an identifier that looks like none is not kept', () => {
  const store = {};
  expect(
    received('github', payloadOf('github'), { store }, { delivery: 'x'.repeat(1000) }).items[0].delivery,
  ).toBe('');
  expect(JSON.stringify(store)).not.toContain('xxx');
});

test('any sequence of pushes, each delivered again at any time, is acted on once each', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { minLength: 1, maxLength: 20 }), (pushes) => {
      const { actsOn } = trigger();
      let head = 9;
      const sent: Array<[string, string]> = [];
      for (const [target, redelivered] of pushes) {
        if (target === head) continue;
        const [before, after] = [commit(head), commit(target)];
        expect(actsOn(move(before, after))).toBe(true);
        sent.push([before, after]);
        head = target;
        const old = sent[redelivered % sent.length];
        // A forge's own identifier tells even those that start where the reference happens to be.
        if (old[0] !== commit(head)) expect(actsOn(move(...old))).toBe(false);
      }
    }),
  );
});
