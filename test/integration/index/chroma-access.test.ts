import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AdminClient } from 'chromadb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromaStoreOptions, createChromaStore } from '../../../index/store/chroma-store.ts';
import type { VectorStore } from '../../../index/store/vector-store.ts';
import { type ChromaServer, findChroma, startChroma } from '../../helpers/chroma-server.ts';
import { makeTempDir } from '../../helpers/temp-dir.ts';

const program = findChroma();
const MODEL = { identity: 'm', dimensions: 2 };
const TOKEN = 'ck-secret-token-123';
const vector = Float32Array.of(1, 0);

/** What stands before a Chroma on the Internet: TLS of a private authority, a token, and an identity of its own. */
function startFront(target: string, files: { key: string; cert: string }, identity: () => unknown): Server {
  return createServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) }, (incoming, outgoing) => {
    if (incoming.headers['x-chroma-token'] !== TOKEN) {
      const message = `no access with ${incoming.headers['x-chroma-token']}`;
      outgoing.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'Auth', message }));
      return;
    }
    if (incoming.url?.endsWith('/auth/identity')) {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(identity()));
      return;
    }
    const onward = httpRequest(new URL(incoming.url ?? '/', target), {
      method: incoming.method,
      headers: incoming.headers,
    });
    onward.on('response', (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers)));
    incoming.pipe(onward);
  });
}

describe.skipIf(!program)('access to a Chroma server', () => {
  const dir = makeTempDir('chroma-tls');
  const files = { key: join(dir.path, 'key.pem'), cert: join(dir.path, 'cert.pem') };
  const stores: VectorStore[] = [];
  let server: ChromaServer;
  let front: Server;
  let address: string;
  let ca: string;
  let databases = ['default_database'];

  beforeAll(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      files.key,
      '-out',
      files.cert,
    ];
    execFileSync('openssl', [...args, ...subject], { stdio: 'ignore' });
    ca = readFileSync(files.cert, 'utf8');
    server = await startChroma(program ?? '', join(dir.path, 'data'));
    front = startFront(server.address, files, () => ({ user_id: 'u', tenant: 'default_tenant', databases }));
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    address = `https://localhost:${(front.address() as AddressInfo).port}`;
  }, 120_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    front?.closeAllConnections();
    front?.close();
    await server?.stop();
    dir.remove();
  });

  const create = (options: Partial<ChromaStoreOptions> = {}) => {
    const store = createChromaStore({
      address: async () => address,
      apiKey: TOKEN,
      tls: { ca },
      timeoutMs: 20_000,
      ...options,
    });
    stores.push(store);
    return store;
  };

  it('works over TLS with a private authority and a token', async () => {
    const store = create();
    await store.open(MODEL);
    await store.upsert([{ id: 'a', server: 's', hash: 'h', vector }]);
    expect(await store.nearest({ vector, limit: 3 })).toEqual([{ id: 'a', similarity: expect.closeTo(1, 5) }]);
  });

  it('trusts no authority that it was not told of', async () => {
    await expect(create({ tls: undefined }).open(MODEL)).rejects.toMatchObject({ fault: 'unreachable' });
  });

  it('says that the key is wrong without showing it', async () => {
    const error = await create({ apiKey: 'wrong-secret' })
      .open(MODEL)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ fault: 'refused', hint: expect.stringContaining('key') });
    expect(JSON.stringify([String(error), error])).not.toContain('wrong-secret');
  });

  it('uses the one database that the key is for, and asks which when there are several', async () => {
    databases = ['first', 'second'];
    await expect(create().open(MODEL)).rejects.toMatchObject({ fault: 'invalid-option', hint: /first, second/ });
    const { hostname, port } = new URL(server.address);
    const admin = new AdminClient({ host: hostname, port: Number(port), ssl: false });
    await admin.createDatabase({ name: 'second', tenant: 'default_tenant' });
    const chosen = create({ database: 'second' });
    await chosen.open(MODEL);
    databases = ['second'];
    const found = create();
    await found.open(MODEL);
    await found.upsert([{ id: 'b', server: 's', hash: 'h', vector }]);
    expect([...(await chosen.hashes()).keys()]).toEqual(['b']);
  });

  it('says so when tenant or database are unknown', async () => {
    const store = create({ tenant: 'default_tenant', database: 'not-there' });
    await expect(store.open(MODEL)).rejects.toMatchObject({
      fault: 'missing',
      message: expect.stringContaining('no database not-there'),
      hint: expect.stringContaining('database'),
    });
  });
});
