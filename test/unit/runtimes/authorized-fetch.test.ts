import { describe, expect, it } from 'vitest';
import { authorizedFetch } from '../../../src/runtimes/remote/authorized-fetch.ts';
import type { TokenSource } from '../../../src/runtimes/remote/remote-fetch.ts';

const url = new URL('https://far.example/mcp');

function wayTo(...answers: Response[]) {
  const sent: string[] = [];
  const renewed: (string | undefined)[] = [];
  const tokens: Omit<TokenSource, 'tokenNow'> = {
    token: async () => 'old',
    renew: async (refused) => {
      renewed.push(refused);
      return 'new';
    },
    giveUp: async (why) => new Error(why),
    tooNarrow: async (scope) => new Error(`needs ${scope}`),
  };
  const fetch = authorizedFetch({
    url,
    tokens,
    fetch: async (to, init) => {
      sent.push(`${to} ${new Headers(init?.headers).get('authorization')} ${init?.body ?? ''}`);
      return answers.shift() ?? new Response('in');
    },
  });
  return { fetch, sent, renewed };
}

describe('a request with a token', () => {
  it('is sent again as it was, with the renewed one, when the first was refused', async () => {
    const { fetch, sent, renewed } = wayTo(new Response('', { status: 401 }));
    expect(await (await fetch(url, { method: 'POST', body: 'call' })).text()).toBe('in');
    expect(sent).toEqual([`${url} Bearer old call`, `${url} Bearer new call`]);
    expect(renewed).toEqual(['old']);
  });

  it('is not sent a third time', async () => {
    const { fetch, sent } = wayTo(new Response('', { status: 401 }), new Response('', { status: 401 }));
    await expect(fetch(url)).rejects.toThrow('even a fresh token');
    expect(sent.length).toBe(2);
  });

  it('#62 shows the token to no other origin', async () => {
    const { fetch, sent } = wayTo();
    await fetch('https://far.example:444/mcp');
    await fetch('http://far.example/mcp');
    expect(sent).toEqual(['https://far.example:444/mcp null ', 'http://far.example/mcp null ']);
  });

  it('that wants further rights names the scopes', async () => {
    const challenge = 'Bearer error="insufficient_scope", scope="files:write"';
    const { fetch } = wayTo(new Response('', { status: 403, headers: { 'www-authenticate': challenge } }));
    await expect(fetch(url)).rejects.toThrow('needs files:write');
  });

  it('that is forbidden otherwise is the server’s answer', async () => {
    const { fetch } = wayTo(new Response('no', { status: 403 }));
    expect(await (await fetch(url)).text()).toBe('no');
  });

  it('leaves a caller who gives up at once', async () => {
    const { fetch, sent } = wayTo();
    await expect(fetch(url, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(sent).toEqual([]);
  });
});
