/** What a gateway answers in its first moments, before it had time for anything. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, serveGateway } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

it('the first searches after a start see all tools that the catalog knows', async () => {
  const folder = tempDir('first');
  const config = join(folder, 'tooldex.yaml');
  const flags = ['--config', config, '--data-dir', join(folder, 'data')];
  writeFileSync(config, JSON.stringify({ servers: { crowd: fixtureServer('two-thousand-tools', '--count', '9000') } }));
  expect(await runCli(['index', ...flags])).toMatchObject({ code: 0 });

  await using gateway = await serveGateway(flags);
  await using client = await connectClient('v2-legacy', gateway.url);
  const search = () => client.callTool('search_mcp_server', { task_description: 'archive a playlist' });
  const answers = await Promise.all(Array.from({ length: 5 }, search));
  for (const { content } of answers) expect(content[0]?.text).toContain('9000 tools searched');
});
