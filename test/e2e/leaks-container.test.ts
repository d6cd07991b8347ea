/** Two hundred calls of ten agents to processes and containers, and the gateway killed in the middle: nothing stays behind. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningGateway, serveGateway } from '../helpers/cli.ts';
import { engineForTests, importServerImage } from '../helpers/container-engine.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { gone, processesMarked } from '../helpers/process-table.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const docker = await engineForTests();
const IMAGE = `tooldex-leaks-${process.pid}`;
const FIXTURES = fileURLToPath(new URL('../fixtures/servers', import.meta.url));
const MARK = randomUUID();
const AGENTS = 10;
const CALLS_EACH = 20;

/** One of each way to stay: kept, one per call, deaf to TERM, with a grandchild; and containers of both modes. */
function writeConfig(folder: string): string {
  const container = { image: IMAGE, runtime: 'container', memory: '128MiB' };
  const native = (name: string, ...args: string[]) => ({ ...fixtureServer(name, ...args), env: { LEAK_TEST: MARK } });
  const servers = {
    'leak-kept': native('well-behaved'),
    'leak-each': { ...native('well-behaved'), mode: 'launcher' },
    'leak-deaf': native('ignores-term'),
    'leak-forks': native('forks-grandchild', '--ignore-term'),
    'leak-box': container,
    'leak-boxes': { ...container, mode: 'launcher' },
  };
  const file = join(folder, 'tooldex.json');
  writeFileSync(file, JSON.stringify({ data_dir: join(folder, 'data'), servers }));
  return file;
}

const SERVERS = [
  'leak-kept',
  'leak-each',
  'leak-deaf',
  'leak-forks',
  'leak-box',
  'leak-kept',
  'leak-deaf',
  'leak-boxes',
];

interface Tally {
  answered: number;
  failed: number;
}

/** Mixed calls of all agents; `half` is called once half of them are answered. Calls that the kill cuts off count as failed. */
async function callAll({ url }: RunningGateway, half: () => void = () => undefined): Promise<Tally> {
  const tally: Tally = { answered: 0, failed: 0 };
  const note = (kind: keyof Tally) => {
    tally[kind]++;
    if (kind === 'answered' && tally.answered === (AGENTS * CALLS_EACH) / 2) half();
  };
  const agents = Array.from({ length: AGENTS }, async (_, agent) => {
    const client = await connectClient('v1', url);
    for (let call = 0; call < CALLS_EACH; call++) {
      const server = SERVERS[(agent + call) % SERVERS.length] ?? '';
      const asked = { server, tool: 'echo', params: { text: `${agent}/${call}` } };
      await client.callTool('use_tool', asked, { timeout: 60_000 }).then(
        (result) => note(JSON.stringify(result.content).includes(`${agent}/${call}`) ? 'answered' : 'failed'),
        () => note('failed'),
      );
    }
    await client.close().catch(() => undefined);
  });
  await Promise.all(agents);
  return tally;
}

async function containersOf(): Promise<string[]> {
  const all = (await docker?.listContainers({ all: true })) ?? [];
  return all.filter(({ Labels }) => Labels['io.tooldex.server']?.startsWith('leak-')).map(({ Id }) => Id);
}

/** As soon as there are any: half of the calls may be answered before the first container is up. */
async function someContainers(): Promise<string[]> {
  for (;;) {
    const containers = await containersOf();
    if (containers.length > 0) return containers;
  }
}

describe.skipIf(!docker || process.platform !== 'linux')('after 200 mixed calls of 10 agents', () => {
  beforeAll(async () => {
    if (docker) await importServerImage(docker, IMAGE, { folder: FIXTURES, script: 'well-behaved.mjs' });
  }, 60_000);

  afterAll(async () => {
    await docker?.getImage(IMAGE).remove({ force: true });
  });

  test('#13 #14 nothing is left: of a gateway that was killed once another starts, and of one that was stopped', async () => {
    const folder = tempDir('leaks');
    const args = ['--config', writeConfig(folder)];
    await using killed = await serveGateway(args);
    let there: Promise<{ containers: string[]; processes: number[] }> | undefined;
    const cut = await callAll(killed, () => {
      there = someContainers().then((containers) => ({ containers, processes: processesMarked(MARK) }));
      void there.then(() => killed.process.kill('SIGKILL'));
    });
    await killed.ended;
    expect(cut.answered).toBeGreaterThanOrEqual((AGENTS * CALLS_EACH) / 2);
    expect(cut.failed, 'the kill came in the middle').toBeGreaterThan(0);
    const before = await there;
    if (!before) throw new Error('half of the calls were never answered');
    expect(before.containers.length).toBeGreaterThan(0);
    expect(before.processes.length).toBeGreaterThan(0);

    await using next = await serveGateway(args);
    expect(await callAll(next)).toEqual({ answered: AGENTS * CALLS_EACH, failed: 0 });
    await gone(before.processes);
    const left = async () => (await containersOf()).filter((id) => before.containers.includes(id));
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);

    await next.stop();
    await expect.poll(containersOf, { timeout: 20_000 }).toEqual([]);
    await gone(processesMarked(MARK));
  }, 240_000);
});
