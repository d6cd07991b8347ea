import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenAiEmbedder, type OpenAiEmbedderOptions } from '../../../../index/embedding/openai-embedder.ts';
import { IndexError } from '../../../../index/index-error.ts';
import type { ToolDocument } from '../../../../index/tool-document.ts';
import {
  answerJson,
  type EmbeddingsServer,
  type Misbehaviour,
  startEmbeddingsServer,
  vectorFor,
} from '../../../helpers/embeddings-server.ts';

const KEY = 'sk-very-secret-0123456789';
let server: EmbeddingsServer;
let pauses: number[];

beforeEach(async () => {
  server = await startEmbeddingsServer();
  pauses = [];
});
afterEach(() => server.close());

/** Waits for nothing, but remembers how long it would have. */
const create = (options: Partial<OpenAiEmbedderOptions> = {}) =>
  createOpenAiEmbedder({
    url: server.url,
    model: 'test-model',
    dimensions: 4,
    pause: async (ms, signal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
    },
    ...options,
  });

const unit = (values: number[]) => values.map((value) => value / Math.hypot(...values));
const document = (id: string, description = ''): ToolDocument => ({
  id,
  server: 's',
  serverDescription: '',
  name: id,
  description,
  parameters: [],
});
const status =
  (code: number, body: unknown = { error: { message: 'no' } }, headers: Record<string, string> = {}): Misbehaviour =>
  (response) =>
    answerJson(response, body, { status: code, headers });

describe('openai embedder', () => {
  it('sends texts in batches and gives unit vectors in order', async () => {
    const embedder = await create({ batchSize: 2 });
    const texts = ['read a file', 'send a mail', 'list issues', 'x', 'y'];
    const vectors = await embedder.embedTasks(texts);
    expect(server.requests.map(({ body }) => body.input)).toEqual([
      texts.slice(0, 2),
      texts.slice(2, 4),
      texts.slice(4),
    ]);
    for (const [i, text] of texts.entries()) {
      for (const [j, value] of unit(vectorFor(text)).entries()) expect(vectors[i]?.[j]).toBeCloseTo(value, 6);
    }
  });

  it('finds the length of the vectors with one request when it is not told', async () => {
    const embedder = await create({ dimensions: undefined });
    expect(embedder.dimensions).toBe(4);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.body).not.toHaveProperty('dimensions');
  });

  it('asks for shorter vectors and refuses a server that does not shorten', async () => {
    const embedder = await create({ dimensions: 3 });
    expect((await embedder.embedTasks(['a']))[0]).toHaveLength(3);
    server.always((response) => answerJson(response, { data: [{ index: 0, embedding: [1, 2, 3, 4] }] }));
    await expect(embedder.embedTasks(['a'])).rejects.toMatchObject({
      fault: 'mismatch',
      message: /4 numbers instead of 3/,
    });
  });

  it.each([
    ['http://h', '/v1/embeddings'],
    ['/v1/', '/v1/embeddings'],
    ['/v1/embeddings', '/v1/embeddings'],
    ['/openai/deployments/x/embeddings?api-version=1', '/openai/deployments/x/embeddings?api-version=1'],
  ])('completes the address %s', async (suffix, path) => {
    const origin = new URL(server.url).origin;
    const embedder = await create({ url: suffix.startsWith('/') ? origin + suffix : origin });
    await embedder.embedTasks(['a']);
    expect(server.requests[0]?.path).toBe(path);
  });

  it.each(['nonsense', 'ftp://x/v1', 'http://user:hunter2@x/v1'])(
    'refuses the address %s and does not repeat it',
    async (url) => {
      const refused = create({ url });
      await expect(refused).rejects.toMatchObject({
        fault: 'invalid-option',
        hint: expect.stringContaining('https://'),
      });
      await expect(refused).rejects.not.toThrow(/hunter2/);
    },
  );

  it('puts the prefixes of the model family before tasks and documents', async () => {
    const embedder = await create({ model: 'intfloat/multilingual-e5-small' });
    await embedder.embedTasks(['find a room']);
    await embedder.embedDocuments([document('book_room', 'Books a room.')]);
    expect(server.requests.map(({ body }) => body.input[0])).toEqual([
      'query: find a room',
      'passage: book room . s . Books a room.',
    ]);
  });

  it('sends no empty text and no half of a surrogate pair, and cuts 1 MB descriptions', async () => {
    const embedder = await create({ maxCharacters: 100 });
    await embedder.embedTasks(['', ' \n ', 'a\ud83d', 'x'.repeat(1_000_000)]);
    const input = server.requests[0]?.body.input ?? [];
    expect(input.slice(0, 3)).toEqual(['?', '?', 'a\ufffd']);
    expect(input[3]).toHaveLength(100);
  });

  describe('when the server misbehaves', () => {
    it.each([429, 500, 503])('retries a %i', async (code) => {
      const embedder = await create();
      server.misbehave(status(code), status(code));
      await expect(embedder.embedDocuments([document('a')])).resolves.toHaveLength(1);
      expect(server.requests).toHaveLength(3);
    });

    it('backs off longer each time, with jitter, up to the number of retries', async () => {
      const embedder = await create({ retries: 4 });
      server.always(status(500));
      await expect(embedder.embedDocuments([document('a')])).rejects.toMatchObject({ fault: 'unreachable' });
      expect(server.requests).toHaveLength(5);
      for (const [i, ms] of pauses.entries()) expect(ms).toBeLessThanOrEqual(50 + 500 * 2 ** i);
    });

    it('waits as long as Retry-After says, in seconds or until a date', async () => {
      const embedder = await create();
      const date = new Date(Date.now() + 30_000).toUTCString();
      const exact = { 'retry-after': '1', 'retry-after-ms': '620' };
      server.misbehave(
        status(429, {}, { 'retry-after': '7' }),
        status(429, {}, { 'retry-after': date }),
        status(429, {}, exact),
      );
      await embedder.embedDocuments([document('a')]);
      expect(pauses[0]).toBe(7_000);
      expect(pauses[1]).toBeGreaterThan(20_000);
      expect(pauses[1]).toBeLessThanOrEqual(30_000);
      expect(pauses[2]).toBe(620);
    });

    it('does not wait an hour for a server that asks for it', async () => {
      const embedder = await create();
      server.always(status(429, { error: { message: 'quota' } }, { 'retry-after': '3600' }));
      await expect(embedder.embedDocuments([document('a')])).rejects.toThrow(/429: quota/);
      expect(pauses).toEqual([]);
    });

    it('tells a search at once what is wrong where it would have to wait', async () => {
      const embedder = await create();
      server.always(status(500, { error: { message: 'out of memory' } }));
      await expect(embedder.embedTasks(['a'])).rejects.toThrow(/500: out of memory/);
      expect(pauses).toHaveLength(1);
      expect(pauses[0]).toBeLessThanOrEqual(550);
      server.always(status(429, { error: { message: 'slow down' } }, { 'retry-after': '5' }));
      await expect(embedder.embedTasks(['a'])).rejects.toThrow(/429: slow down/);
      expect(pauses).toHaveLength(1);
    });

    it('reads no answer without end', async () => {
      const embedder = await create({ retries: 0 });
      const blank = ' '.repeat(1_048_576);
      server.always((response) => {
        const write = () => {
          while (!response.destroyed && response.write(blank));
        };
        response.writeHead(200, { 'content-type': 'application/json' }).on('drain', write);
        write();
      });
      await expect(embedder.embedTasks(['a'])).rejects.toThrow(/longer than 33554432 bytes/);
    });

    it('gives up on one that never answers, and says where and after how long', async () => {
      let attempts = 0;
      const counting: typeof fetch = (...args) => {
        attempts++;
        return fetch(...args);
      };
      const embedder = await create({ timeoutMs: 40, retries: 1, fetch: counting });
      server.always(() => {});
      await expect(embedder.embedDocuments([document('a')])).rejects.toMatchObject({
        fault: 'timeout',
        message: /127\.0\.0\.1.*within 40 ms/,
      });
      // Not what the server saw: it shares this thread, and may be reached later than the deadline.
      expect(attempts).toBe(2);
    });

    it('gives up on one that stops in the middle of its answer', async () => {
      const embedder = await create({ timeoutMs: 40, retries: 0 });
      server.always((response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":['));
      await expect(embedder.embedDocuments([document('a')])).rejects.toMatchObject({ fault: 'timeout' });
    });

    it('retries a connection that breaks off and an answer that is cut', async () => {
      const embedder = await create();
      server.misbehave(
        (response) => response.destroy(),
        (response) => response.end('{"data":[{"index":0,"embedd'),
      );
      await expect(embedder.embedDocuments([document('a')])).resolves.toHaveLength(1);
      expect(server.requests).toHaveLength(3);
    });

    it('says so when nothing listens', async () => {
      await server.close();
      const embedder = await create({ retries: 0 });
      await expect(embedder.embedTasks(['a'])).rejects.toMatchObject({
        fault: 'unreachable',
        hint: expect.stringContaining('runs'),
      });
    });

    it('sorts vectors that come out of order', async () => {
      const embedder = await create();
      server.misbehave((response, _, vectors) =>
        answerJson(response, { data: vectors.map((embedding, index) => ({ index, embedding })).reverse() }),
      );
      const vectors = await embedder.embedTasks(['abc', 'def']);
      expect(vectors[0]?.[0]).toBeCloseTo(unit(vectorFor('abc'))[0] ?? 0, 6);
      expect(vectors[1]?.[0]).toBeCloseTo(unit(vectorFor('def'))[0] ?? 0, 6);
    });

    const item = (embedding: unknown, index: unknown = 0) => ({ index, embedding });
    it.each<[string, unknown, string]>([
      ['NaN as null', { data: [item([1, null, 3, 4])] }, 'bad-answer'],
      ['numbers beyond f64', { data: [item([1e308, 1e308, 1e308, 1e308])] }, 'bad-answer'],
      ['zeros', { data: [item([0, 0, 0, 0])] }, 'bad-answer'],
      ['another length', { data: [item([1, 2, 3, 4, 5])] }, 'mismatch'],
      ['nothing', { data: [] }, 'bad-answer'],
      ['too many', { data: [item([1, 2, 3, 4]), item([1, 2, 3, 4], 1)] }, 'bad-answer'],
      ['an index out of range', { data: [item([1, 2, 3, 4], 3)] }, 'bad-answer'],
      ['a text for a vector', { data: [item('AAAA')] }, 'bad-answer'],
      ['another protocol', { embeddings: [[1, 2, 3, 4]] }, 'bad-answer'],
    ])('#68 refuses %s without asking again', async (_, body, fault) => {
      const embedder = await create();
      server.always((response) => answerJson(response, body));
      await expect(embedder.embedTasks(['a'])).rejects.toMatchObject({ fault });
      expect(server.requests).toHaveLength(1);
    });

    it('refuses two vectors with one number', async () => {
      const embedder = await create();
      server.misbehave((response, _, vectors) =>
        answerJson(response, { data: vectors.map((embedding) => ({ index: 0, embedding })) }),
      );
      await expect(embedder.embedTasks(['a', 'b'])).rejects.toMatchObject({ fault: 'bad-answer' });
    });

    it('makes batches smaller for a server that takes fewer, and cuts the one text that is too long', async () => {
      const embedder = await create({ batchSize: 8 });
      server.always((response, { body }, vectors) => {
        const tooMuch = body.input.length > 2 || body.input.some((text) => text.length > 1_000);
        if (tooMuch) answerJson(response, { error: { message: 'too large' } }, { status: 413 });
        else answerJson(response, { data: vectors.map((embedding, index) => ({ index, embedding })) });
      });
      const texts = ['a', 'b', 'c', 'x'.repeat(3_000), 'e'];
      const vectors = await embedder.embedTasks(texts);
      expect(vectors).toHaveLength(5);
      expect(vectors[4]?.[0]).toBeCloseTo(unit(vectorFor('e'))[0] ?? 0, 6);
    });

    it('does not halve for ever', async () => {
      const embedder = await create();
      server.always(status(400, { error: { message: 'unknown model' } }));
      await expect(embedder.embedTasks(['a', 'b', 'c', 'd'])).rejects.toMatchObject({
        fault: 'refused',
        message: /unknown model/,
      });
      expect(server.requests.length).toBeLessThan(6);
    });
  });

  describe('the key', () => {
    it('travels as a bearer token and stands in no message, even if the server repeats it', async () => {
      const embedder = await create({ apiKey: KEY, headers: { 'x-team': 'other-secret' } });
      server.always((response, { headers }) =>
        answerJson(
          response,
          { error: { message: `bad key ${headers.authorization} ${headers['x-team']}` } },
          { status: 401 },
        ),
      );
      const error = await embedder.embedTasks(['a']).catch((caught: unknown) => caught);
      expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
      expect(error).toBeInstanceOf(IndexError);
      expect(JSON.stringify([String(error), error, (error as IndexError).hint, (error as Error).stack])).not.toMatch(
        /sk-very|other-secret/,
      );
      expect(error).toMatchObject({ fault: 'refused', hint: 'Check the API key.' });
      expect(server.requests).toHaveLength(1);
    });

    it('is not carried to another host by a redirect', async () => {
      const other = await startEmbeddingsServer();
      const embedder = await create({ apiKey: KEY, retries: 0 });
      server.always((response) => response.writeHead(307, { location: `${other.url}/embeddings` }).end());
      await expect(embedder.embedTasks(['a'])).rejects.toMatchObject({ fault: 'unreachable' });
      expect(other.requests).toEqual([]);
      await other.close();
    });
  });

  describe('ending', () => {
    it('rejects with the reason of the signal, in a request and in a pause', async () => {
      const reason = new Error('the caller left');
      const inRequest = new AbortController();
      const embedder = await create({ pause: () => new Promise(() => {}) });
      server.misbehave(() => inRequest.abort(reason));
      await expect(embedder.embedTasks(['a'], inRequest.signal)).rejects.toBe(reason);
      const inPause = new AbortController();
      server.misbehave((response) => {
        answerJson(response, {}, { status: 500 });
        response.on('close', () => inPause.abort(reason));
      });
      await expect(embedder.embedTasks(['a'], inPause.signal)).rejects.toBe(reason);
      await expect(embedder.embedTasks(['a'], AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it('sends no further batch after an abort', async () => {
      const controller = new AbortController();
      const embedder = await create({ batchSize: 1 });
      server.misbehave((response, _, vectors) => {
        answerJson(response, { data: [{ index: 0, embedding: vectors[0] }] });
        controller.abort(new Error('stop'));
      });
      await expect(embedder.embedDocuments([document('a'), document('b')], controller.signal)).rejects.toThrow('stop');
      expect(server.requests).toHaveLength(1);
    });

    it('ends what is under way on close', async () => {
      const embedder = await create();
      server.misbehave(() => void embedder.close());
      await expect(embedder.embedTasks(['a'])).rejects.toMatchObject({ fault: 'closed' });
      await expect(embedder.embedTasks(['a'])).rejects.toMatchObject({ fault: 'closed' });
    });
  });

  it('has one identity for equal settings and another for each setting that changes vectors', async () => {
    const base = (await create()).identity;
    expect((await create({ apiKey: KEY, batchSize: 5, timeoutMs: 9 })).identity).toBe(base);
    const others = [
      { model: 'other' },
      { dimensions: 3 },
      { prefixes: { task: 'q: ', document: '' } },
      { url: `${server.url}/x` },
      { maxCharacters: 10 },
    ];
    const identities = await Promise.all(others.map(async (other) => (await create(other)).identity));
    expect(new Set([base, ...identities]).size).toBe(others.length + 1);
    expect(base).not.toContain('sk-');
  });
});
