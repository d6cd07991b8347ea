/** A server says when its event streams are to be opened again; it may say anything. */
import { describe, expect, it, vi } from 'vitest';
import { openBy, serveCalls } from '../../helpers/called-server.ts';
import { failure } from '../../helpers/failure.ts';

describe('a remote server that ends its streams', () => {
  it('is asked again only after a pause, although it wants none', async () => {
    const askedAt: number[] = [];
    const { url } = await serveCalls((response, id) => {
      askedAt.push(performance.now());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } });
      response.end(askedAt.length < 4 ? 'id: 1\nretry: 0\ndata: \n\n' : `data: ${answer}\n\n`);
    });
    const session = await openBy(url, 'post');
    expect(await session.request('tools/call', { name: 'x', arguments: {} })).toEqual({ content: [] });
    const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
    expect(pauses).toHaveLength(3);
    // A timer may wake up to a millisecond early.
    for (const pause of pauses) expect(pause).toBeGreaterThan(98);
  });

  it('keeps no process alive by what it wants waited for, once its session is closed', async () => {
    const { url, seen } = await serveCalls((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: 1\nretry: 3600000\ndata: \n\n');
    });
    const session = await openBy(url, 'fetch');
    const set = vi.spyOn(globalThis, 'setTimeout');
    const calls = [1, 2].map(() => failure(session.request('tools/call', { name: 'x', arguments: {} })));
    const long = () =>
      set.mock.calls.flatMap(([, ms], index) => (ms === 3_600_000 ? [set.mock.results[index]?.value] : []));
    await expect.poll(() => [seen.length, long().length]).toEqual([2, 2]);
    await session.close('it is over');
    for (const timer of long()) expect(timer).toMatchObject({ _destroyed: true });
    await Promise.all(calls);
    set.mockRestore();
  });
});
