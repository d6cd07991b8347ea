/** An npm registry on this machine with one package whose versions can be published while a test runs. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { npmPackage } from './npm-package.ts';
import { tempDir } from './temp-dir.ts';

export interface VersionedRegistry {
  readonly url: string;
  /** The version becomes `latest`. */
  publish(version: string, files: Readonly<Record<string, string>>): void;
  close(): void;
}

/** Closed when the running test ends, if not before. Every package has the program `cli.mjs`. */
export async function versionedRegistry(name: string): Promise<VersionedRegistry> {
  const tarballs = new Map<string, Buffer>();
  let url = '';
  let latest = '';
  const metadata = (version: string, tarball: Buffer) => ({
    name,
    version,
    bin: 'cli.mjs',
    dist: {
      tarball: `${url}/${version}.tgz`,
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    },
  });
  const server = createServer((request, response) => {
    const tarball = tarballs.get(/^\/(.*)\.tgz$/.exec(request.url ?? '')?.[1] ?? '');
    if (tarball) return void response.end(tarball);
    response.statusCode = request.url === `/${name}` ? 200 : 404;
    // As the public registry does: what npm cached may be old.
    response.setHeader('cache-control', 'public, max-age=300');
    response.setHeader('content-type', 'application/json');
    const versions = Object.fromEntries([...tarballs].map(([version, data]) => [version, metadata(version, data)]));
    response.end(JSON.stringify({ name, 'dist-tags': { latest }, versions }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return {
    url,
    publish(version, files) {
      const folder = tempDir('package');
      npmPackage(join(folder, 'package'), { name, version, bin: 'cli.mjs' }, files);
      const { stdout, status } = spawnSync('tar', ['-czf', '-', '-C', folder, 'package']);
      if (status !== 0) throw new Error('tar failed');
      tarballs.set(version, stdout);
      latest = version;
    },
    close,
  };
}
