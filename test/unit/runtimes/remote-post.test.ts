/** The layers of a POST: what its token and its circuit breaker make of it, and when they leave it to `fetch`. */
import { describe, expect, it } from 'vitest';
import { authorizedPost } from '../../../src/runtimes/remote/authorized-post.ts';
import { breakingWay } from '../../../src/runtimes/remote/breaking-fetch.ts';
import type { Post, PostedMessage, PostListener } from '../../../src/stdx/post.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

function listening() {
  const told: unknown[] = [];
  const listener: PostListener = {
    head: (status) => told.push(status),
    data: () => {},
    end: () => told.push('end'),
    failed: (error) => told.push(error.message),
    declined: () => told.push('declined'),
  };
  return { told, listener };
}

const message = (...headers: string[]): PostedMessage => ({ headers, body: Buffer.from('{}') });
const posting = { abort: () => {}, pause: () => {}, resume: () => {} };

describe('a POST', () => {
  it.each([
    [undefined, ['a', 'b'], ['a', 'b']],
    ['new', ['a', 'b'], ['a', 'b', 'authorization', 'Bearer new']],
    ['new', ['Authorization', 'Bearer own'], ['Authorization', 'Bearer new']],
  ])('has the token %s in place of its own', (token, given, sent) => {
    const posted: PostedMessage[] = [];
    const post: Post = (each) => {
      posted.push(each);
      return posting;
    };
    expect(authorizedPost(post, { tokenNow: () => token })(message(...given), listening().listener)).toBe(posting);
    expect(posted).toMatchObject([{ headers: sent, hasToken: true }]);
  });

  it('is for fetch to send where a token has to be waited for', () => {
    const post: Post = () => {
      throw new Error('was sent');
    };
    expect(authorizedPost(post, { tokenNow: () => false })(message(), listening().listener)).toBeUndefined();
  });

  it.each([
    ['HTTP 503', (listener: PostListener) => listener.head(503, {})],
    ['no answer', (listener: PostListener) => listener.failed(new TypeError('fetch failed'))],
  ])('#35 is not sent any more after five with %s, nor is anything by fetch', async (_, answer) => {
    let sent = 0;
    const post: Post = (_message, listener) => {
      sent++;
      queueMicrotask(() => answer(listener));
      return posting;
    };
    const clock = fakeClock();
    const way = breakingWay('far', { fetch: async () => new Response(), post }, clock);
    const { listener } = listening();
    for (let time = 0; time < 5; time++) {
      way.post?.(message(), listener);
      await Promise.resolve();
    }
    expect(() => way.post?.(message(), listener)).toThrow(expect.objectContaining({ code: 'SERVER_BUSY' }));
    await expect(way.fetch('http://far')).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    expect(sent).toBe(5);
  });

  it('#35 that was given up, or left to fetch, says nothing about the server', async () => {
    const way = breakingWay('far', { fetch: async () => new Response(), post: () => posting }, fakeClock());
    const left = breakingWay('far', { fetch: async () => new Response(), post: () => undefined }, fakeClock());
    for (let time = 0; time < 10; time++) {
      way.post?.(message(), listening().listener)?.abort();
      expect(left.post?.(message(), listening().listener)).toBeUndefined();
    }
    expect((await way.fetch('http://far')).status).toBe(200);
    expect((await left.fetch('http://far')).status).toBe(200);
  });
});
