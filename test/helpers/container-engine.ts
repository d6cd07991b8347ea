/** A container engine and an image for tests, made from this machine's Node since no registry of images may be within reach. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { findEngine } from '../../src/runtimes/container/find-engine.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/processes', import.meta.url));

/** The engine of this machine (`DOCKER_HOST` or the usual sockets); prints why tests skip where there is none. */
export async function engineForTests(): Promise<Docker | undefined> {
  try {
    return (await findEngine(process.env)).docker;
  } catch (error) {
    process.stderr.write(`skipped: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}

/** Notes in the file beside it what it is asked to do, as another OCI runtime; undefined where the engine has none of that name. */
export async function notedRuntime(docker: Docker | undefined): Promise<{ readonly log: string } | undefined> {
  const { Runtimes = {} } = ((await docker?.info()) ?? {}) as { Runtimes?: Record<string, { path: string }> };
  const path = Runtimes['noted-runc']?.path;
  if (path === undefined)
    process.stderr.write('skipped: the engine has no second OCI runtime "noted-runc", see .ci/run\n');
  return path === undefined ? undefined : { log: `${path}.log` };
}

/** Imports an image whose entry point is Node, with the fixture of that name at `/app`. Remove it when done. */
export function importNodeImage(docker: Docker, name: string, fixture: string): Promise<void> {
  const put = (root: string) => copyInto(root, join(FIXTURES, fixture), join('/app', basename(fixture)));
  return importImage(docker, { name, put, entrypoint: [] });
}

/** The same with a whole folder at `/app`, and a script of it that Node starts with. */
export function importServerImage(
  docker: Docker,
  name: string,
  server: { folder: string; script: string },
): Promise<void> {
  const put = (root: string) => cpSync(server.folder, join(root, 'app'), { recursive: true, dereference: true });
  return importImage(docker, { name, put, entrypoint: [join('/app', server.script)] });
}

interface NodeImage {
  readonly name: string;
  readonly put: (root: string) => void;
  /** After Node itself. */
  readonly entrypoint: readonly string[];
}

async function importImage(docker: Docker, { name, put, entrypoint }: NodeImage): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'tooldex-rootfs-'));
  try {
    const node = layOut(root);
    put(root);
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const changes = [`ENTRYPOINT ${JSON.stringify([node, ...entrypoint])}`];
    const progress = await docker.importImage(tar.stdout, { fromSrc: '-', repo: name, changes });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Node with what it loads, and a `/tmp`; answers the path of Node. */
function layOut(root: string): string {
  const node = realpathSync(process.execPath);
  for (const file of [node, ...librariesOf(node)]) copyInto(root, file, file);
  mkdirSync(join(root, 'tmp'));
  // Older engines give a tmpfs the mode of the folder that it covers.
  chmodSync(join(root, 'tmp'), 0o1777);
  return node;
}

/** What the dynamic linker loads, itself included. */
function librariesOf(program: string): string[] {
  const listing = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listing.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

function copyInto(root: string, from: string, to: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  copyFileSync(realpathSync(from), join(root, to));
}
