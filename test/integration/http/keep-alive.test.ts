import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createMcpEndpoint } from '../../../src/http/mcp-endpoint.ts';
import type { ToolOffer } from '../../../src/meta-tools/tool-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import { startEdge } from '../../helpers/http-edge.ts';

/** A tool that says nothing until `release`, behind an edge that cuts what is silent for `idleMs`. */
async function silentTool({ silenceMs, idleMs }: { silenceMs: number; idleMs: number }) {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const offer: ToolOffer = {
    identity: { name: 'tooldex', title: 'Tooldex', version: '1.2.3' },
    instructions: '',
    listTtlMs: 1_000,
    list: async () => ({ tools: [{ name: 'slow', inputSchema: { type: 'object' } }] }),
    call: async () => {
      await released;
      return { content: [{ type: 'text', text: 'at last' }] };
    },
  };
  const endpoint = createMcpEndpoint(() => offer, { bodyBytesMax: 65_536, onError: () => undefined, silenceMs });
  const server = createServer((request, response) => void endpoint.handle({ request, response, principal: LOCAL }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  onTestFinished(() => endpoint.close());
  const edge = await startEdge({ to: (server.address() as AddressInfo).port, idleMs });
  return { url: `http://127.0.0.1:${edge}/mcp`, release };
}

const MODERN = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'slow',
};
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

function post(url: string, { modern }: { modern: boolean }): Promise<Response> {
  const params = { name: 'slow', ...(modern ? { _meta: META } : {}) };
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(modern ? MODERN : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
}

it.each([
  ['2025-11-25', false],
  ['2026-07-28', true],
])(
  'keeps a silent call of %s alive through an edge that cuts idle connections, headers sent at once (#59)',
  async (_, modern) => {
    // What a first request has to load is no silence of the gateway.
    const before = await silentTool({ silenceMs: 60_000, idleMs: 60_000 });
    before.release();
    await (await post(before.url, { modern })).text();
    const { url, release } = await silentTool({ silenceMs: 40, idleMs: 2_000 });
    const answer = await post(url, { modern });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    const begun = performance.now();
    let text = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (performance.now() - begun > 3_000) release();
    }
    expect(text).toMatch(/^:/m);
    expect(text).toContain('at last');
  },
);

it('is cut by that edge without signs of life, so that the edge proves something (#59)', async () => {
  const { url, release } = await silentTool({ silenceMs: 60_000, idleMs: 200 });
  expect((await post(url, { modern: false })).status).toBe(524);
  release();
});

it('answers a short call as plain JSON', async () => {
  const { url, release } = await silentTool({ silenceMs: 60_000, idleMs: 60_000 });
  release();
  const answer = await post(url, { modern: false });
  expect(answer.headers.get('content-type')).toMatch('application/json');
  expect(await answer.json()).toMatchObject({ result: { content: [{ text: 'at last' }] } });
});
