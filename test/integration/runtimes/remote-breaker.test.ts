/** The circuit breaker of a remote server over real HTTP: what counts as a failure, and what does not. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRemoteAccess, type RemoteServer } from '../../../src/runtimes/remote/remote-access.ts';
import { failure } from '../../helpers/failure.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { listen } from '../../helpers/listen.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function reached() {
  const state: { status: number | 'hang' | 'break'; asked: number } = { status: 200, asked: 0 };
  const url = await listen((request, response) => {
    state.asked++;
    if (state.status === 'break') request.socket.destroy();
    else if (state.status !== 'hang') response.writeHead(state.status).end();
  });
  const clock = fakeClock();
  const access = createRemoteAccess({ dataDir: tempDir('data'), env: {}, tokenSecret: undefined, clock });
  onTestFinished(() => access.close());
  const server: RemoteServer = {
    name: 'far',
    url,
    transport: 'auto',
    headers: { authorization: 'Bearer own' },
    oauth: undefined,
    privateHosts: 'all',
    proxy: undefined,
    caFile: undefined,
    connectTimeoutMs: 5_000,
  };
  const { fetch } = await access.wayTo(server);
  const ask = () => fetch(url).then((response) => response.status);
  const times = async (count: number) => {
    for (let time = 0; time < count; time++) await ask().catch(() => undefined);
  };
  return { state, clock, url, fetch, ask, times };
}

describe('#35 a remote server', () => {
  it.each([503, 'break'] as const)(
    'that is down (%s) is left alone after five requests, then probed by one',
    async (how) => {
      const { state, clock, ask, times } = await reached();
      state.status = how;
      await times(5);
      const error = await failure(ask());
      expect(error).toMatchObject({ code: 'SERVER_BUSY', data: { retryAfterMs: 5_000 } });
      expect(error.hint).toContain('5 s');
      expect(state.asked).toBe(5);
      state.status = 200;
      await clock.advance(5_000);
      const outcomes = await Promise.all([ask(), ...Array.from({ length: 9 }, () => failure(ask()))]);
      expect(outcomes[0]).toBe(200);
      expect(state.asked).toBe(6);
      expect(await ask()).toBe(200);
    },
  );

  it.each([400, 401, 404, 429, 500])('that answers %i is up', async (status) => {
    const { state, ask, times } = await reached();
    state.status = status;
    await times(10);
    expect(await ask()).toBe(status);
  });

  it('is not thought down because callers give up', async () => {
    const { state, fetch, url, ask } = await reached();
    state.status = 'hang';
    const controllers = Array.from({ length: 10 }, () => new AbortController());
    const given = controllers.map(({ signal }) => fetch(url, { signal }).catch(() => 'gave up'));
    for (const each of controllers) each.abort();
    expect(new Set(await Promise.all(given))).toEqual(new Set(['gave up']));
    state.status = 200;
    expect(await ask()).toBe(200);
  });
});
