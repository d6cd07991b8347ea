/** A gateway killed with SIGKILL leaves its servers behind; the next start ends them all, and nobody else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { reap } from '../../../src/lifecycle/reap.ts';
import { descendants, endProcess, gone, isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/servers', import.meta.url));
const COUNT = 20;

it('#13 20 servers of a gateway killed with SIGKILL are ended at the next start, grandchildren too', async () => {
  const folder = tempDir();
  const outfile = join(folder, 'killed-gateway.cjs');
  const entry = fileURLToPath(new URL('./killed-gateway.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' });
  await stop();
  const ledger = join(folder, 'ledger');
  // Those that end when their input does are no proof; half of these do not, and a quarter has forked as well.
  const kinds = ['ignores-term', 'forks-grandchild', 'ignores-term', 'well-behaved'];
  const names = Array.from({ length: COUNT }, (_, i) => `${kinds[i % kinds.length]}#${i}`);
  const gateway = spawn(process.execPath, [outfile, ledger, FIXTURES, ...names], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => endProcess(gateway.pid ?? 0));
  await once(gateway.stdout, 'data');
  const children = descendants(gateway.pid ?? 0);
  onTestFinished(() => children.forEach(endProcess));
  expect(children.length).toBeGreaterThanOrEqual(COUNT + COUNT / kinds.length);
  expect(readdirSync(ledger)).toHaveLength(COUNT);

  expect(await reap(ledger), 'as long as the gateway runs, nothing is touched').toEqual([]);
  expect(children.filter(isAlive)).toEqual(children);

  gateway.kill('SIGKILL');
  await once(gateway, 'exit');
  const left = children.filter(isAlive);
  expect(left.length, 'the kill alone does not end them').toBeGreaterThanOrEqual(COUNT / 2);
  const reaped = await reap(ledger);
  await gone(children);
  expect(reaped.length).toBeGreaterThanOrEqual(COUNT / 2);
  expect(readdirSync(ledger)).toEqual([]);
});
