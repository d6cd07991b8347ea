/** One name for a request: in its answer, in the log and in the audit. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, type Reply, serveWithAccess } from '../access/serve-access.ts';

const SERVERS = { notes: { fixture: 'well-behaved' } };
const AUTH = { auth: { api_keys: true } };
const idOf = ({ headers }: Reply) => String(headers['x-request-id']);
const ECHO = { name: 'echo', arguments: { text: 'hello' } };
const USE = {
  name: 'use_tool',
  arguments: { mcp_server_name: 'notes', mcp_tool_name: 'echo', params: { text: 'hi' } },
};

const linesOf = (file: string): JsonObject[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as JsonObject)
    : [];

describe('the id of a request', () => {
  it('is in every answer, whatever the status, and never twice the same', async () => {
    const { ask, rpc, key } = await serveWithAccess(SERVERS, AUTH);
    const ci = bearer(key('ci'));
    const replies = [
      await ask('/healthz'),
      await ask('/readyz'),
      await ask('/healthz', { headers: { host: 'evil.example' } }),
      await ask('/nothing', { headers: ci }),
      await ask('/mcp', { headers: ci }),
      await rpc('/mcp', { method: 'tools/list' }, ci),
      await rpc('/mcp/notes', { method: 'tools/call', params: ECHO }, ci),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 401, 403, 404, 405, 200, 200]);
    for (const reply of replies) expect(idOf(reply)).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
    expect(new Set(replies.map(idOf)).size).toBe(replies.length);
  });

  it('is a listed proxy’s, and nobody else’s to choose', async () => {
    const headers = { 'x-request-id': 'edge-42' };
    const open = await serveWithAccess({}, AUTH);
    expect(idOf(await open.ask('/healthz', { headers }))).not.toBe('edge-42');
    const behind = await serveWithAccess({}, { ...AUTH, listen: { trusted_proxies: ['127.0.0.1'] } });
    expect(idOf(await behind.ask('/healthz', { headers }))).toBe('edge-42');
    for (const odd of ['a b', 'x'.repeat(200), '"quoted"', '<b>'])
      expect(idOf(await behind.ask('/healthz', { headers: { 'x-request-id': odd } }))).not.toBe(odd);
  });

  it('leads from an answer to its lines in log and audit', async () => {
    const file = join(tempDir('request-ids'), 'audit.jsonl');
    const { ask, rpc, key, log } = await serveWithAccess(SERVERS, { ...AUTH, audit: { file } });
    const ci = bearer(key('ci'));
    const direct = await rpc('/mcp/notes', { method: 'tools/call', params: ECHO }, ci);
    const meta = await rpc('/mcp', { method: 'tools/call', params: USE }, ci);
    const modern = await rpc('/mcp', { method: 'tools/call', params: { ...USE, _meta: MODERN } }, { ...ci, ...NAMED });
    const relayed = await rpc(
      '/mcp/notes',
      { method: 'tools/call', params: { ...ECHO, _meta: MODERN } },
      { ...ci, ...NAMED, 'mcp-name': 'echo' },
    );
    const opened = await rpc('/mcp/notes', { method: 'initialize', params: INITIALIZE }, ci);
    const session = { ...ci, 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    const prompted = await rpc('/mcp/notes', { method: 'prompts/get', params: { name: 'none' } }, session);
    const refused = await ask('/readyz');
    const ids = [direct, meta, modern, relayed, prompted, refused].map(idOf);
    await expect.poll(() => linesOf(file).length).toBe(6);
    expect(linesOf(file).map(({ event, request }) => [event, request])).toEqual([
      ['call', ids[0]],
      ['call', ids[1]],
      ['call', ids[2]],
      ['call', ids[3]],
      ['call', ids[4]],
      ['decision', ids[5]],
    ]);
    for (const id of ids.slice(1, 3)) expect(log.some((line) => line.includes(`[${id}]`))).toBe(true);
  });
});

const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: { sampling: {} },
  clientInfo: { name: 'test', version: '1' },
};
const NAMED = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'use_tool' };
