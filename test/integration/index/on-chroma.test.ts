/** That tests on Chroma are: whatever opens a gateway without saying where vectors go puts them there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { describe, expect, it } from 'vitest';
import { runCli, serveGateway } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { connectClient } from '../../helpers/mcp-client.ts';
import { chromaUrl, collectionPrefix } from '../../helpers/on-chroma/place.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from '../gateway/open-gateway.ts';

const url = chromaUrl();
const TASK = { task_description: 'add two numbers' };
/** Listed before it is searched: among no tools every search has its vectors. */
const SERVER = { mcp_server_name: 'well' };

/** Ids of the tools whose vectors are kept for a data folder. */
async function kept(dataDir: string): Promise<string[]> {
  const { hostname: host, port } = new URL(url ?? '');
  const client = new ChromaClient({ host, port: Number(port) });
  const collections = await client.listCollections({ limit: 10_000 });
  const own = collections.filter(({ name }) => name.startsWith(`${collectionPrefix(dataDir)}-`));
  return (await Promise.all(own.map((collection) => collection.get()))).flatMap(({ ids }) => ids);
}

function configured(): { folder: string; flags: string[] } {
  const folder = tempDir();
  const config = join(folder, 'tooldex.json');
  writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') } }));
  return { folder, flags: ['--config', config, '--data-dir', join(folder, 'data')] };
}

describe.skipIf(url === undefined)('tests on Chroma keep vectors there', () => {
  it('of a gateway in their own process', async () => {
    const { call, config } = await openTestGateway({ well: { fixture: 'well-behaved' } });
    await call('add_mcp_server', SERVER);
    const answer = async () => (await call('search_mcp_server', TASK)).text;
    await expect.poll(answer).toContain('search_mode: hybrid');
    expect(await kept(config.dataDir)).toContain('well:add');
  });

  it('of a command, which waits for them', async () => {
    const { folder, flags } = configured();
    const { stdout } = await runCli(['search', TASK.task_description, ...flags]);
    expect(stdout).toContain('search_mode: hybrid');
    expect(await kept(join(folder, 'data'))).toContain('well:add');
  });

  it('of a gateway that is served', async () => {
    const { folder, flags } = configured();
    await using gateway = await serveGateway(flags, { cwd: folder });
    await using client = await connectClient('v2-auto', gateway.url);
    await client.callTool('add_mcp_server', SERVER);
    const answer = async () => JSON.stringify(await client.callTool('search_mcp_server', TASK));
    await expect.poll(answer).toContain('search_mode: hybrid');
    expect(await kept(join(folder, 'data'))).toContain('well:add');
  });
});
