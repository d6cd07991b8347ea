import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { parseCorpus, parseQueries } from '../../../index/evaluation/judged-query.ts';
import { renderEval } from '../../../index/evaluation/render-eval.ts';
import { runEval } from '../../../index/evaluation/run-eval.ts';

const MIB_HELD = 96;
const HOLDS = `const held = Buffer.alloc(${MIB_HELD} * 2 ** 20, 1); console.log('holds'); setInterval(() => held.length, 1e6)`;

/** A shell whose child holds much memory, as a model or a Chroma behind its watcher does. */
async function startHolder(): Promise<ChildProcess> {
  const shell = spawn('/bin/sh', ['-c', '"$@" & wait', 'holder', process.execPath, '-e', HOLDS], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(shell.stdout, 'data');
  return shell;
}

it.skipIf(process.platform !== 'linux')(
  'counts the processes that an engine starts, whoever started them, and those of no other',
  async () => {
    const corpus = '{"id":"a","server":"files","tool":"read_file","description":"Read a text file"}';
    const query = '{"id":"q","query":"read a text file","relevant":["a"]}';
    const holders: ChildProcess[] = [];
    const open = async () => {
      holders.push(await startHolder());
      return [];
    };
    try {
      const output = await runEval({
        documents: parseCorpus(corpus),
        queries: parseQueries(query),
        engines: [{ name: 'none' }, { name: 'one', open }, { name: 'after' }],
      });
      const [none, one, after] = output.engines;
      expect([none?.apartMiB, after?.apartMiB]).toEqual([0, 0]);
      expect(one?.apartMiB).toBeGreaterThan(MIB_HELD);
      expect(one?.apartMiB).toBeLessThan(MIB_HELD * 3);
      expect(one?.memoryMiB).toBeGreaterThan(MIB_HELD / 2);
      const cell = one?.apartMiB?.toFixed(0);
      expect(renderEval(output)).toMatch(new RegExp(`^\\| one +\\|.*\\| ${cell} +\\|`, 'm'));
    } finally {
      for (const { pid } of holders) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    }
  },
);
