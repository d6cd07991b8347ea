import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it } from 'vitest';
import { openTestGateway } from './open-gateway.ts';

const servers = { well: { fixture: 'well-behaved' } } as const;

it('#68 searches what can still be read of a damaged catalog, says so, and lists the rest again', async () => {
  const first = await openTestGateway(servers);
  await first.call('add_mcp_server', { mcp_server_name: 'well' });
  await first.gateway.close();
  const database = new DatabaseSync(join(first.folder, 'data', 'catalog.db'));
  database.exec(`UPDATE tools SET definition = '{"name":"add","inp' || char(7) WHERE name = 'add'`);
  database.exec(`UPDATE listings SET server_info = '{"na'`);
  database.close();

  const second = await openTestGateway(servers, first.folder);
  const search = async (task_description: string) =>
    (await second.call('search_mcp_server', { task_description, detail: 'names' })).text;
  expect(await search('weather of a city')).toMatch(/^verdict: (match|weak)[\s\S]*- structured$/m);
  await expect.poll(() => search('add two numbers')).toMatch(/^- add$/m);
  const told = second.log.filter((line) => line.includes('cannot be read'));
  expect(told).toEqual(['warn some of the tools of well cannot be read from the data folder; it is listed again']);
});
