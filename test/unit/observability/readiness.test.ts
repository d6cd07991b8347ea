import { expect, it } from 'vitest';
import { readinessOf } from '../../../src/gateway-readiness.ts';

type Source = Parameters<typeof readinessOf>[0];
type Parts = Parameters<typeof readinessOf>[1];

const healthy = {
  configStatus: () => ({ generation: 1, problem: undefined }),
  observed: { lastSearch: () => undefined, auditProblem: () => undefined, ledgerProblem: () => undefined },
} as unknown as Source;

const parts = {
  catalog: {
    listings: () => ['a', 'b', 'removed'].map((server, at) => ({ server, toolCount: at + 3 })),
  },
  directory: { names: () => ['a', 'b'], get: () => undefined },
  discovery: { knowledge: () => ({ kind: 'indexed' }) },
} as unknown as Parts;

it('says of a healthy gateway what is there', () => {
  expect(readinessOf(healthy, parts)).toEqual({
    status: 'ok',
    parts: {
      catalog: '7 tools of 2 servers',
      indexing: 'complete',
      search: 'nobody has searched yet',
      configuration: 'generation 1',
    },
  });
});

it('#67 #68 is degraded, and says why, when vectors are missing or audit lines are lost', () => {
  const without = {
    ...healthy,
    observed: {
      lastSearch: () => ({ mode: 'lexical' as const, degraded: 'the store does not answer' }),
      auditProblem: () => 'ENOSPC: no space left on device',
      ledgerProblem: () => 'ENOSPC: no space left on device, write',
    },
  };
  const { status, parts: reasons } = readinessOf(without, parts);
  expect(status).toBe('degraded');
  expect(reasons.search).toBe('lexical: the store does not answer');
  expect(reasons.audit).toContain('ENOSPC');
  expect(reasons.ledger).toBe('running servers are not noted: ENOSPC: no space left on device, write');
});

it('tells how far a better model is, which is no fault', () => {
  const progress = 'the encoder is still indexing: 64 of 320 tools';
  const observed = { ...healthy.observed, lastSearch: () => ({ mode: 'hybrid' as const, progress }) };
  const { status, parts: reasons } = readinessOf({ ...healthy, observed }, parts);
  expect(status).toBe('ok');
  expect(reasons.search).toBe(`hybrid: ${progress}`);
});

it('tells that a model is spared among so many tools, which is no fault either', () => {
  const spared = 'the encoder is spared, because 9000 tools are more than search.embedder.encoder_max_tools (8000)';
  const observed = { ...healthy.observed, lastSearch: () => ({ mode: 'hybrid' as const, spared }) };
  const { status, parts: reasons } = readinessOf({ ...healthy, observed }, parts);
  expect(status).toBe('ok');
  expect(reasons.search).toBe(`hybrid: ${spared}`);
});

it('fails when the catalog cannot be read', () => {
  const listings = () => {
    throw new Error('disk I/O error');
  };
  const broken = { ...parts, catalog: { listings } } as unknown as Parts;
  const { status, parts: reasons } = readinessOf(healthy, broken);
  expect(status).toBe('failing');
  expect(reasons.catalog).toContain('disk I/O error');
});
