/** How `tooldex serve` ends: calls under way first, unless somebody insists; and `tooldex stdio`, whoever holds the pipe. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serveGateway, startCli } from '../helpers/cli.ts';
import { fixtureServer, journaled } from '../helpers/fixture-server.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** A gateway with a call under way that ends when the file `gate` is there. */
async function withCallUnderWay() {
  const folder = tempDir('stop');
  const journal = join(folder, 'journal');
  const gate = join(folder, 'gate');
  const file = join(folder, 'tooldex.json');
  writeFileSync(file, JSON.stringify({ servers: { good: fixtureServer('well-behaved', '--journal', journal) } }));
  const gateway = await serveGateway(['--config', file, '--data-dir', join(folder, 'data')]);
  const answer = fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'use_tool', arguments: { server: 'good', tool: 'wait', params: { file: gate } } },
    }),
  }).then(
    (response) => response.text(),
    (error: Error) => `cut: ${error.message}`,
  );
  await journaled(journal, 'waiting');
  return { gateway, answer, open: () => writeFileSync(gate, ''), gate };
}

describe('#33 tooldex serve', () => {
  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('at %s answers the call under way and ends with %d', async (signal, code) => {
    const { gateway, answer, open } = await withCallUnderWay();
    await using running = gateway;
    const ended = running.stop(signal);
    await running.printed(/stopping/);
    open();
    expect(await answer).toContain('waited');
    expect(await ended).toMatchObject({ code });
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('at a second %s ends at once with %d, whatever is under way', async (signal, code) => {
    const { gateway, answer, gate } = await withCallUnderWay();
    await using running = gateway;
    const ended = running.stop(signal);
    await running.printed(/stopping/);
    running.process.kill(signal);
    expect(await ended).toMatchObject({ code });
    expect(existsSync(gate)).toBe(false);
    expect(await answer).toMatch(/^cut: /);
  });
});

describe('tooldex stdio, with a client that keeps its end of the pipe', () => {
  const INITIALIZE = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'keeps', version: '1' } },
  };
  const launch = (...flags: string[]) => {
    const folder = tempDir('stop-stdio');
    const file = join(folder, 'tooldex.json');
    const servers = { good: fixtureServer('well-behaved') };
    writeFileSync(file, JSON.stringify({ servers, profiles: { all: { servers: ['*'] } } }));
    const running = startCli(['stdio', '--config', file, '--data-dir', join(folder, 'data'), ...flags]);
    running.process.stdin?.on('error', () => undefined).write(`${JSON.stringify(INITIALIZE)}\n`);
    return running;
  };

  it.each([[[]], [['--profile', 'all']]])('%j ends at SIGTERM', async (flags) => {
    await using running = launch(...flags);
    await running.printed(/serverInfo/);
    // Answered by the whole program, not by what greets before it.
    running.process.stdin?.write('{"jsonrpc":"2.0","id":1,"method":"resources/list"}\n');
    await running.printed(/"id":1\b/);
    expect(await running.stop()).toMatchObject({ code: 0 });
  });

  it('ends at once for a profile that is not there', async () => {
    await using running = launch('--profile', 'al');
    expect(await running.ended).toMatchObject({ code: 65, stderr: expect.stringContaining('did you mean "all"?') });
  });
});
