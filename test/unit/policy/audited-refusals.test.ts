import { expect, it } from 'vitest';
import type { AuditEntry, AuditFile } from '../../../src/observability/audit-file.ts';
import { createAuditedRefusals } from '../../../src/policy/audited-refusals.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';

function open() {
  const lines: JsonObject[] = [];
  let at = 0;
  const write = (entry: AuditEntry) => lines.push(JSON.parse(JSON.stringify(entry)) as JsonObject);
  const file: Pick<AuditFile, 'write'> = { write };
  const refusals = createAuditedRefusals(file, () => at);
  const knock = (address: string) => refusals.note({ reason: 'wrong_credentials', message: 'unknown key', address });
  const wait = (ms: number) => {
    at += ms;
  };
  return { lines, refusals, knock, wait };
}

it('writes who knocked, and what they were told', () => {
  const { lines, knock } = open();
  knock('192.0.2.1');
  expect(lines).toMatchObject([
    { event: 'decision', principal: 'nobody', door: 'http', outcome: 'UNAUTHENTICATED', address: '192.0.2.1' },
  ]);
  expect(lines[0]).not.toHaveProperty('skipped');
});

it('#67 lets no address fill the file, hides nobody else behind it, and says how many were left out', () => {
  const { lines, knock, wait } = open();
  for (let i = 0; i < 10_000; i += 1) knock('192.0.2.1');
  expect(lines).toHaveLength(10);
  knock('192.0.2.2');
  expect(lines.at(-1)).toMatchObject({ address: '192.0.2.2', skipped: 9_990 });
  wait(6_000);
  knock('192.0.2.1');
  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).not.toHaveProperty('skipped');
});

it('#67 bounds the lines of many addresses together, and tells at the end what has no line', () => {
  const { lines, refusals, knock } = open();
  for (let i = 0; i < 10_000; i += 1) knock(`2001:db8::${i.toString(16)}`);
  expect(lines).toHaveLength(60);
  refusals.close();
  refusals.close();
  expect(lines).toHaveLength(61);
  expect(lines.at(-1)).toMatchObject({ event: 'decision', skipped: 9_940 });
});
