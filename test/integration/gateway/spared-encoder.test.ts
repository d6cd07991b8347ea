/** How many tools the encoder is for, in a gateway with real servers, its log and its report. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { readinessOf } from '../../../src/gateway-readiness.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { openTestGateway } from './open-gateway.ts';

const keysFor = (most: number) => ({ search: { embedder: { kind: 'builtin', encoder_max_tools: most } } });
/** No word of any tool: the static model cannot be sure. */
const IN_DOUBT = { task_description: 'say again what I said' };

it('spares the encoder among more tools, says so once, and uses it when the key is raised', async () => {
  const { gateway, call, log, folder } = await openTestGateway(
    { well: { fixture: 'well-behaved' } },
    undefined,
    keysFor(1),
  );
  const observed = await gateway.observed();
  const search = async () => {
    expect((await call('search_mcp_server', IN_DOUBT)).text).toContain('well');
    return observed.lastSearch();
  };
  const reported = async () => readinessOf({ configStatus: gateway.configStatus, observed }, await gateway.open());
  await call('add_mcp_server', { mcp_server_name: 'well' });
  for (let i = 0; i < 3; i++) {
    expect(await search()).toMatchObject({ model: 'the static model', spared: expect.any(String) });
  }
  const spared = /the built-in encoder is spared, because \d+ tools are more than search\.embedder\.encoder_max_tools/;
  expect(log.filter((line) => spared.test(line))).toHaveLength(1);
  expect(await reported()).toMatchObject({ status: 'ok', parts: { search: expect.stringMatching(spared) } });

  const file = join(folder, 'tooldex.json');
  const { command, args } = fixtureServer('well-behaved');
  writeFileSync(file, JSON.stringify({ servers: { well: { command, args } }, ...keysFor(1_000) }));
  const env = { PATH: process.env.PATH, TOOLDEX_TEST_RUN: process.env.TOOLDEX_TEST_RUN };
  const plan = await gateway.reload(await loadConfig({ file, env, dataDirDefault: join(folder, 'data') }));
  expect(plan.settings).toEqual(['search.embedder.encoder_max_tools']);
  await expect.poll(search, { interval: 200 }).toMatchObject({ mode: 'hybrid', model: 'the built-in encoder' });
  expect((await reported()).parts.search).toBe('hybrid');
  expect(log.filter((line) => line === 'info search spares no model any more')).toHaveLength(1);
});
