/** A registry of images that knows one tiny image, and tells and waits as a test needs it (distribution API, version 2). */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export interface ImageRegistry {
  /** `host:port`; engines take registries on loopback without TLS. */
  readonly host: string;
  /** Settles when the first request for the image `slow` came. */
  readonly asked: Promise<void>;
  /** Requests for a manifest of `slow` so far. */
  manifestRequests(): number;
  /** The Authorization header of the last request, decoded; undefined when it had none. */
  lastCredentials(): string | undefined;
  /** Lets the image `slow` be answered. */
  release(): void;
}

export async function imageRegistry({ needsLogin = false } = {}): Promise<ImageRegistry> {
  // An archive of two empty blocks has no files in it; the salt makes the image one that the engine does not have.
  const layer = gzipSync(Buffer.alloc(1024));
  const diff = digest(Buffer.alloc(1024));
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: new Date().toISOString(),
      config: {},
      rootfs: { type: 'layers', diff_ids: [diff] },
    }),
  );
  const blobs = new Map([config, layer].map((blob) => [digest(blob), blob]));
  const describe = (mediaType: string, blob: Buffer) => ({ mediaType, size: blob.length, digest: digest(blob) });
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: describe('application/vnd.docker.container.image.v1+json', config),
      layers: [describe('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
    }),
  );
  const asked = gate();
  const released = gate();
  let requests = 0;
  let credentials: string | undefined;
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const [, encoded] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    credentials = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
    // Podman sends credentials that are empty where it has none.
    if (needsLogin && (credentials === undefined || credentials === ':')) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="images"', 'content-type': 'application/json' });
      return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    }
    const send = (body: Buffer | string, contentType = 'application/octet-stream', status = 200) => {
      const isText = typeof body === 'string';
      response.writeHead(status, {
        'content-type': contentType,
        'docker-content-digest': digest(Buffer.from(body)),
        'content-length': isText ? Buffer.byteLength(body) : body.length,
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (path === '/v2/') return send('{}', 'application/json');
    const blob = blobs.get(path.split('/').at(-1) ?? '');
    if (blob) return send(blob);
    if (!path.startsWith('/v2/slow/manifests/')) {
      return send('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}', 'application/json', 404);
    }
    requests += path.endsWith('/latest') ? 1 : 0;
    asked.open();
    await released.opened;
    return send(manifest, type);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    asked: asked.opened,
    release: released.open,
    manifestRequests: () => requests,
    lastCredentials: () => credentials,
  };
}

const digest = (blob: Buffer) => `sha256:${createHash('sha256').update(blob).digest('hex')}`;

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
