import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { BIN } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const call = (id: number, a: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'use_tool', arguments: { tool: 'well:add', params: { a, b: 1 } } },
});
const OPENING = [
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 2, method: 'tools/list' },
];

describe('tooldex stdio', () => {
  it.each(['all at once', 'one by one'])(
    'answers every message once when they come %s, over the change from greeter to program',
    async (how) => {
      const folder = tempDir();
      const config = join(folder, 'tooldex.json');
      writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') } }));
      const child = spawn(process.execPath, [BIN, 'stdio', '--config', config], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const messages = [...OPENING, call(3, 1), call(4, 2), call(5, 3)];
      const ids: unknown[] = [];
      const read = async () => ids.push((JSON.parse((await lines.next()).value as string) as { id: unknown }).id);
      if (how === 'all at once') child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
      for (const message of messages) {
        if (how === 'one by one') child.stdin.write(`${JSON.stringify(message)}\n`);
        if ('id' in message) await read();
      }
      expect([...ids].sort()).toEqual([1, 2, 3, 4, 5]);
      child.stdin.end();
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
      expect((await lines.next()).done).toBe(true);
    },
  );
});
