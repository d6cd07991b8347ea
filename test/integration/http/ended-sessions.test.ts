/** A client that ends its session while something of it is under way. */
import { expect, it } from 'vitest';
import { journalOf } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { serveRelay } from './relay-gateway.ts';

const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } };

it.each([
  ['that passes as bytes', CALL],
  ['of a client that can be asked', CALL],
  ['that is parsed', [CALL]],
])('#45 a call %s is taken back at the server, and answered', async (what, body) => {
  const journal = `${tempDir()}/journal`;
  const server = { fixture: 'never-answers', args: ['--from', 'tools/call', '--journal', journal] };
  const { client } = await serveRelay({ s: server });
  const { url, post, open } = client('s');
  const session = {
    ...(await open(what.includes('asked') ? { elicitation: {} } : {})),
    'mcp-protocol-version': '2025-03-26',
  };
  const answer = post(body, session);
  const received = () => journalOf(journal, 'received').filter(({ method }) => method === 'tools/call');
  await expect.poll(received).toHaveLength(1);
  expect((await fetch(url, { method: 'DELETE', headers: session })).status).toBe(200);
  expect((await answer).messages).toMatchObject([{ id: 1, error: { data: { code: 'CALL_CANCELLED' } } }]);
  // An instance of its own ends with the session, and may do so before it hears of anything.
  if (!what.includes('asked')) await expect.poll(() => journalOf(journal, 'cancelled')).toHaveLength(1);
});
