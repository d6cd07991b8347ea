import { expect, it } from 'vitest';
import { rememberOffers } from '../../../src/meta-tools/remember-offers.ts';
import type { ToolOffer } from '../../../src/meta-tools/tool-offer.ts';
import { createOpenPolicy } from '../../../src/policy/policy.ts';
import { LOCAL, type Principal } from '../../../src/policy/principal.ts';

it('makes one offer for each principal, and another when the policy is another', () => {
  let made = 0;
  const offerOf = rememberOffers(
    (_, { id }): ToolOffer => ({
      identity: { name: id, title: id, version: String(++made) },
      instructions: undefined,
      listTtlMs: 0,
      list: async () => ({}),
      call: async () => ({}),
    }),
  );
  const [before, after] = [createOpenPolicy('never'), createOpenPolicy('always')];
  const other: Principal = { id: 'key:ci', kind: 'api-key', groups: [] };
  const first = offerOf(before, LOCAL);
  expect(offerOf(before, LOCAL)).toBe(first);
  expect(offerOf(before, other).identity).toMatchObject({ name: 'key:ci', version: '2' });
  expect(offerOf(after, LOCAL)).not.toBe(first);
  expect(offerOf(after, LOCAL).identity.version).toBe('3');
});
