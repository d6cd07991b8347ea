import { expect, it } from 'vitest';
import type { KnownServer } from '../../../src/catalog/server-directory.ts';
import { usableTools } from '../../../src/http/usable-tools.ts';

const known = (changes?: 'quarantine'): KnownServer => ({
  name: 's',
  description: '',
  configHash: '',
  callTimeoutMs: 1,
  callTotalTimeoutMs: 1,
  resultBytesMax: 1,
  allows: (tool) => tool !== 'denied',
  ...(changes ? { changes } : {}),
});
const stored = { server: 's', name: 'old', hash: '', definition: { name: 'old', inputSchema: {} } };
const catalog = { tool: (_server: string, name: string) => (name === 'old' || name === 'denied' ? stored : undefined) };

it('takes what is allowed, and under quarantine only what was approved', () => {
  const names = ['old', 'new', 'denied'];
  expect(names.filter(usableTools(catalog as never, known()))).toEqual(['old', 'new']);
  expect(names.filter(usableTools(catalog as never, known('quarantine')))).toEqual(['old']);
});
