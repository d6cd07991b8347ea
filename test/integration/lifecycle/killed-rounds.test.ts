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
import { endProcess, noneMarked, processesMarked } from '../../helpers/process-table.ts';
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
