/** Small npm packages and a small npm registry on this machine, so that installing is tested without the Internet. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listen } from './listen.ts';

/** Writes a package into `folder` and answers its path, which npm installs like one of the registry. */
export function npmPackage(folder: string, manifest: object, files: Readonly<Record<string, string>>): string {
  const all = { 'package.json': JSON.stringify({ name: 'local', version: '1.0.0', ...manifest }), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** A registry that knows the package `known` in version 1.0.0, lets requests for `silent` wait for ever, and nothing else. */
export async function npmRegistry(): Promise<{ url: string; silentWasAsked: Promise<void> }> {
  let tellAsked: () => void = () => undefined;
  const silentWasAsked = new Promise<void>((resolve) => {
    tellAsked = resolve;
  });
  const { origin: url } = await listen((request, response) => {
    if (request.url === '/silent') return tellAsked();
    const version = { name: 'known', version: '1.0.0', dist: { tarball: 'http://127.0.0.1:9/known.tgz' } };
    const known = { name: 'known', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
    response.statusCode = request.url === '/known' ? 200 : 404;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/known' ? known : { error: 'Not found' }));
  });
  return { url, silentWasAsked };
}
