import { threeUsers } from '../../drill/threeUsers';

jest.setTimeout(240_000);

// A part of what `npm run drill:users` goes through: with what is in use told by leases alone, some of these fail.
test('P1, P3, P4: no extraction of three users fails or mixes while all three do random operations', async () => {
  const { seed, tally, operations } = await threeUsers(Date.now() % 1e9, 150);
  const { failed, mixed } = tally;
  expect({ seed, failed, mixed }).toEqual({ seed, failed: [], mixed: [] });
  const ended = Object.keys(operations);
  expect(ended).toEqual(expect.arrayContaining(['deploy: deployed', 'plan: planned']));
});
