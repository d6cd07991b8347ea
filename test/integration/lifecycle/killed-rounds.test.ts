/** Gateways killed with SIGKILL at random moments of their servers' starts: their watcher ends what they had begun. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { reap } from '../../../src/lifecycle/reap.ts';
import { bundled } from '../../helpers/bundled.ts';
import { descendants, describeProcess, endProcess, noneMarked, processesMarked } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/servers', import.meta.url));
const ENTRY = fileURLToPath(new URL('./killed-gateway.ts', import.meta.url));
const KINDS = ['ignores-term', 'forks-grandchild', 'well-behaved', 'never-answers'];
const COUNT = 20;
const ROUNDS = 4;

it.runIf(process.platform === 'linux')(
  `#13 ${ROUNDS} times ${COUNT} servers, killed at any moment of their starts: nothing is left, without a next start`,
  async () => {
    const folder = tempDir();
    const program = bundled(ENTRY, folder);
    const ledger = join(folder, 'ledger');
    const names = Array.from({ length: COUNT }, (_, i) => `${KINDS[i % KINDS.length]}#${i}`);
    for (let round = 0; round < ROUNDS; round++) {
      const mark = randomUUID();
      const gateway = spawn(process.execPath, [program, ledger, FIXTURES, ...names], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, WATCHED: mark },
      });
      onTestFinished(() => processesMarked(mark).forEach(endProcess));
      await once(gateway.stdout, 'data');
      await sleep(Math.random() * 1500);
      gateway.kill('SIGKILL');
      await once(gateway, 'exit');
      expect(processesMarked(mark).length, 'it was killed while servers ran').toBeGreaterThan(0);
      await noneMarked(mark);
      await reap(ledger);
      expect(readdirSync(ledger)).toEqual([]);
    }
  },
);

it.runIf(process.platform === 'linux')(
  '#13 a watcher that somebody ended is replaced, and what ran before is watched again',
  async () => {
    const mark = randomUUID();
    const folder = tempDir();
    const names = ['ignores-term', 'forks-grandchild'];
    const gateway = spawn(process.execPath, [bundled(ENTRY, folder), join(folder, 'ledger'), FIXTURES, ...names], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WATCHED: mark },
    });
    onTestFinished(() => processesMarked(mark).forEach(endProcess));
    for await (const chunk of gateway.stdout.iterator({ destroyOnReturn: false })) if (/up/.test(`${chunk}`)) break;
    const watcher = () => descendants(gateway.pid ?? 0).find((pid) => describeProcess(pid).includes('/bin/sh -c'));
    const first = watcher() ?? 0;
    // One that ended sooner would have been no use, and is not replaced before the next start.
    await sleep(1_000);
    endProcess(first);
    while ([undefined, first].includes(watcher())) await sleep(20);
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    expect(processesMarked(mark).length, 'those that do not go by themselves').toBeGreaterThan(0);
    await noneMarked(mark);
  },
);
