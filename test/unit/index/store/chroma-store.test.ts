import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { IndexError } from '../../../../index/index-error.ts';
import { chromaFault } from '../../../../index/store/chroma-fault.ts';
import { type ChromaStoreOptions, createChromaStore } from '../../../../index/store/chroma-store.ts';

const MODEL = { identity: 'm', dimensions: 2 };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const open = (address: string, options: Partial<ChromaStoreOptions> = {}) =>
  createChromaStore({
    address: async () => address,
    tenant: 't-1',
    database: 'd-1',
    timeoutMs: 5_000,
    ...options,
  }).open(MODEL);

describe('chroma store without Chroma', () => {
  it('gives up on a server that never answers', async () => {
    const address = await answering(() => {});
    await expect(open(address, { timeoutMs: 50 })).rejects.toMatchObject({ fault: 'timeout', message: /within 50 ms/ });
  });

  it('repeats what a server fails at, and only that', async () => {
    const statuses: number[] = [];
    const address = await answering((_, response) => {
      const status = statuses.length < 2 ? 503 : 403;
      statuses.push(status);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"message":"no"}');
    });
    await expect(open(address)).rejects.toMatchObject({ fault: 'refused' });
    expect(statuses).toEqual([503, 503, 403]);
  });

  it('says so when the answer is not that of a Chroma server', async () => {
    const page = await answering((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    await expect(open(page)).rejects.toMatchObject({ fault: 'bad-answer', hint: expect.stringContaining('version 1') });
    const nothing = await answering((_, response) => response.writeHead(404).end());
    await expect(open(nothing)).rejects.toMatchObject({ fault: 'missing', hint: expect.stringContaining('version 1') });
  });

  it('carries no key to another host', async () => {
    const seen: unknown[] = [];
    const other = await answering((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    });
    const address = await answering((_, response) => response.writeHead(307, { location: other }).end());
    await expect(open(address, { apiKey: 'secret-key' })).rejects.toBeInstanceOf(IndexError);
    expect(seen).toEqual([]);
  });

  it('keeps the caller waiting for no child that does not start', async () => {
    const store = createChromaStore({ address: () => new Promise(() => {}) });
    const opening = expect(store.open(MODEL)).rejects.toMatchObject({ fault: 'closed' });
    await store.close();
    await opening;
  });
});

describe('errors of the Chroma client', () => {
  const named = (name: string, message: string) => Object.assign(new Error(message), { name });
  const request = { address: 'http://c:8000', secrets: ['ck-123456'] };

  it.each([
    ['ChromaConnectionError', 'unreachable'],
    ['ChromaServerError', 'unreachable'],
    ['ChromaRateLimitError', 'unreachable'],
    ['ChromaQuotaExceededError', 'refused'],
    ['ChromaAuthError', 'refused'],
    ['ChromaForbiddenError', 'refused'],
    ['ChromaNotFoundError', 'missing'],
    ['TypeError', 'bad-answer'],
  ])('%s is %s', (name, fault) => {
    expect(chromaFault(named(name, 'x'), request)).toMatchObject({
      fault,
      message: expect.stringContaining('http://c:8000'),
    });
  });

  it('tells vectors of the wrong length, hides secrets and passes our own errors on', () => {
    const wrong = named('ChromaClientError', 'Collection expecting embedding with dimension of 384, got 10');
    expect(chromaFault(wrong, request)).toMatchObject({ fault: 'mismatch', message: /384, got 10/ });
    expect(chromaFault(named('ChromaClientError', 'key ck-123456 is bad'), request).message).toBe(
      'Chroma at http://c:8000: key *** is bad',
    );
    const own = new IndexError('closed', 'closed');
    expect(chromaFault(own, request)).toBe(own);
  });
});
