/** Clients that know only HTTP+SSE of 2024-11-05, over real connections. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { connectSse } from '../../helpers/mcp-client.ts';
import { bearer } from '../access/serve-access.ts';
import { CONFORMS, CONFORMS_MODERN, type RelayClient, serveRelay } from './relay-gateway.ts';

it.each([
  ['legacy', CONFORMS],
  ['modern', CONFORMS_MODERN],
])('a client of the old transport uses a %s server', async (_era, server) => {
  const { port } = await serveRelay({ s: server });
  await using client = await connectSse(new URL(`http://127.0.0.1:${port}/mcp/s/sse`));
  expect((await client.listTools()).map(({ name }) => name)).toContain('test_simple_text');
  const steps: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => void steps.push(progress);
  const result = await client.callTool('test_tool_with_progress', {}, { onprogress });
  expect(result.content).toEqual([{ type: 'text', text: 'Progressed' }]);
  expect(steps).toEqual([0, 50, 100]);
  expect(await client.request('prompts/get', { name: 'test_simple_prompt' })).toMatchObject({ messages: [{}] });
  await expect(client.request('no/such')).rejects.toThrow(/not found/i);
});

/** Opens the stream; the path to post to, and what comes. */
async function open(c: RelayClient, headers: Record<string, string> = {}) {
  const stream = await c.stream(headers, {}, '/sse');
  const { text } = await stream.nextFrame();
  const path = /^data: (.+)$/m.exec(text)?.[1] ?? '';
  const post = async (message: JsonObject, who = headers) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...who } };
    return (await fetch(new URL(path, c.url), { ...init, body: JSON.stringify(message) })).status;
  };
  return { stream, post };
}

it('is asked over its stream, and only its owner posts to it', async () => {
  const served = await serveRelay({ s: CONFORMS }, { auth: { api_keys: true } });
  const [mine, yours] = [bearer(served.key('mine')), bearer(served.key('yours'))];
  const { stream, post } = await open(served.client('s'), mine);
  const params = {
    protocolVersion: '2024-11-05',
    capabilities: { elicitation: {} },
    clientInfo: { name: 't', version: '1' },
  };
  const early = { jsonrpc: '2.0', id: 0, method: 'tools/list' };
  expect(await post(early)).toBe(202);
  expect((await stream.next()).message).toMatchObject({ id: 0, error: { code: -32600 } });
  expect(await post({ jsonrpc: '2.0', id: 1, method: 'initialize', params })).toBe(202);
  expect((await stream.next()).message).toMatchObject({ id: 1, result: { protocolVersion: '2024-11-05' } });
  const call = { name: 'test_elicitation', arguments: { message: 'Who?' } };
  expect(await post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call }, yours)).toBe(404);
  expect(await post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call })).toBe(202);
  const { message } = await stream.next();
  expect(message).toMatchObject({ method: 'elicitation/create' });
  expect(await post({ jsonrpc: '2.0', id: message.id ?? null, result: { action: 'decline' } })).toBe(202);
  expect((await stream.next()).message).toMatchObject({ id: 2, result: { content: [{}] } });
});
