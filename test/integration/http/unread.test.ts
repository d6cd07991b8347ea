/** Answers that clients are slow to read, or never read, over real connections. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { serveRelay } from './relay-gateway.ts';

it('#40 an answer that is longer than all that may be left unread comes whole on a stream of a session', async () => {
  const { client } = await serveRelay({ s: { fixture: 'huge-result' } });
  const c = client('s');
  const session = await c.open();
  const bytes = 8_000_019;
  const params = { name: 'blob', arguments: { bytes }, _meta: { progressToken: 1 } };
  const { messages } = await c.request('tools/call', params, session);
  expect(messages).toMatchObject([{ method: 'notifications/progress' }, { result: { content: [{}] } }]);
  const result = messages[1]?.result as { content: { text: string }[] } | undefined;
  expect(result?.content[0]?.text).toHaveLength(bytes);
});

const JSON_TYPE = { 'content-type': 'application/json' };
const FLOOD = { name: 'flood', arguments: {}, _meta: { progressToken: 1 } };
const USE = {
  name: 'use_tool',
  arguments: { mcp_server_name: 's', mcp_tool_name: 'flood', params: {} },
  _meta: { progressToken: 1 },
};

it.each([
  ['of a server', '/mcp/s', FLOOD],
  ['of the meta-tools', '/mcp', USE],
])('#44 a call %s ends when its client reads nothing of what comes', async (_, path, params) => {
  const journal = `${tempDir()}/journal`;
  const { port } = await serveRelay({ s: { fixture: 'huge-result', args: ['--journal', journal] } });
  await unread(port, path, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  await expect.poll(() => readFileSync(journal, 'utf8')).toContain('cancelled');
});

it('#44 a client of the old transport that reads nothing is cut off', async () => {
  const journal = `${tempDir()}/journal`;
  const { port } = await serveRelay({ s: { fixture: 'huge-result', args: ['--journal', journal] } });
  const events = (await unread(port, '/mcp/s/sse')).iterator();
  const path = /data: (.+)/.exec(String((await events.next()).value))?.[1] ?? '';
  const post = (id: number, method: string, params: JsonObject) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: JSON_TYPE, body });
  };
  const clientInfo = { name: 't', version: '1' };
  await post(1, 'initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo });
  expect(String((await events.next()).value)).toContain('serverInfo');
  await post(2, 'tools/call', FLOOD);
  await expect.poll(() => readFileSync(journal, 'utf8')).toContain('cancelled');
});

/** The head of an answer whose body is left where it is. */
function unread(port: number, path: string, message?: JsonObject): Promise<IncomingMessage> {
  const headers = { ...JSON_TYPE, accept: 'application/json, text/event-stream' };
  return new Promise((resolve, reject) => {
    const method = message ? 'POST' : 'GET';
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, resolve);
    request.once('error', reject).end(message && JSON.stringify(message));
    onTestFinished(() => void request.destroy());
  });
}
