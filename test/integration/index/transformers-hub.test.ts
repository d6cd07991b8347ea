import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import {
  createTransformersEmbedder,
  type TransformersEmbedderOptions,
} from '../../../index/embedding/transformers-embedder.ts';
import type { DownloadProgress } from '../../../index/embedding/transformers-link.ts';
import { descendants, gone } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { tinyMean, writeTinyModel } from '../../helpers/tiny-model.ts';
import { findTransformersFolder } from '../../helpers/transformers-library.ts';

const library = findTransformersFolder();
const MODEL = 'someone/tiny';

/** A hub with one model; `answer` may take a request away from it. */
interface Hub {
  readonly address: string;
  readonly paths: string[];
  answer: (path: string, response: ServerResponse) => boolean;
}

let server: Server;
let hub: Hub;
let cacheDir: string;
const embedders: Embedder[] = [];

beforeEach(async () => {
  const folder = writeTinyModel(join(tempDir('hub'), 'tiny'));
  cacheDir = tempDir('cache');
  const paths: string[] = [];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(path);
    if (hub.answer(path, response)) return;
    const [, revision, file = ''] = /^\/someone\/tiny\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const local = join(folder, file);
    if (!['main', 'v2'].includes(revision ?? '') || !existsSync(local)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': statSync(local).size }).end(readFileSync(local));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  hub = { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths, answer: () => false };
});
afterEach(async () => {
  await Promise.all(embedders.splice(0).map((embedder) => embedder.close()));
  server.closeAllConnections();
  server.close();
});

const create = async (options: Partial<TransformersEmbedderOptions> = {}) => {
  const embedder = await createTransformersEmbedder({
    model: MODEL,
    cacheDir,
    hub: hub.address,
    libraryFolders: [library ?? ''],
    env: process.env,
    threads: 1,
    ...options,
  });
  embedders.push(embedder);
  return embedder;
};
const works = async (embedder: Embedder) => {
  const [vector] = await embedder.embedTasks(['read file']);
  expect([...(vector ?? [])]).toEqual(tinyMean('read', 'file').map((value) => expect.closeTo(value, 5)));
};
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(folder, file)).isFile());

describe.skipIf(!library)('transformers embedder and the hub', () => {
  it('downloads with progress, and then needs the hub no more', async () => {
    const told: DownloadProgress[] = [];
    const first = await create({ onProgress: (progress) => told.push(progress) });
    await works(first);
    const complete = told.filter(({ loaded, total }) => total > 0 && loaded === total).map(({ file }) => file);
    expect(complete).toEqual(expect.arrayContaining(['tokenizer.json', 'onnx/model_quantized.onnx']));
    const requests = hub.paths.length;
    const again: DownloadProgress[] = [];
    const second = await create({ offline: true, onProgress: (progress) => again.push(progress) });
    await works(second);
    expect(second.identity).toBe(first.identity);
    expect(hub.paths).toHaveLength(requests);
    expect(again).toEqual([]);
  });

  it('downloads the wanted revision', async () => {
    const main = await create();
    const other = await create({ revision: 'v2' });
    await works(other);
    expect(hub.paths).toContain('/someone/tiny/resolve/v2/onnx/model_quantized.onnx');
    expect(other.identity).not.toBe(main.identity);
    expect(other.identity.split(':').at(-1)).toBe(main.identity.split(':').at(-1));
  });

  it('asks nobody when it is offline', async () => {
    await expect(create({ offline: true })).rejects.toMatchObject({
      fault: 'missing',
      hint: expect.stringContaining(cacheDir),
    });
    expect(hub.paths).toEqual([]);
  });

  it('asks no hub for a model in a folder', async () => {
    const folder = join(tempDir('local'), 'tiny');
    cpSync(writeTinyModel(join(tempDir('made'), 'tiny')), folder, { recursive: true });
    await works(await create({ model: folder }));
    expect(hub.paths).toEqual([]);
  });

  it('says which model or file the hub does not have', async () => {
    await expect(create({ model: 'someone/else' })).rejects.toMatchObject({
      fault: 'missing',
      message: /someone\/else.*cannot be loaded/,
    });
    await expect(create({ dtype: 'fp16' })).rejects.toMatchObject({ fault: 'missing', message: /model_fp16\.onnx/ });
  });

  it('keeps no half of a file when the download breaks off, and gets it the next time', async () => {
    hub.answer = (path, response) => {
      if (!path.endsWith('.onnx')) return false;
      response.writeHead(200, { 'content-length': 1_000_000 }).write(Buffer.alloc(1_000));
      setImmediate(() => response.destroy());
      return true;
    };
    await expect(create()).rejects.toMatchObject({ fault: 'missing', message: /cannot be loaded/ });
    const rest = filesBelow(cacheDir).filter((file) => file.includes('.onnx'));
    expect(rest.filter((file) => file.endsWith('.onnx'))).toEqual([]);
    const givenUp = join(cacheDir, MODEL, 'onnx', 'model_quantized.onnx.tmp.1.abc');
    mkdirSync(join(givenUp, '..'), { recursive: true });
    writeFileSync(givenUp, 'half');
    utimesSync(givenUp, 1_000, 1_000);
    hub.answer = () => false;
    await works(await create());
    expect(existsSync(givenUp)).toBe(false);
  });

  it('lets the caller leave while the hub says nothing', async () => {
    const before = descendants(process.pid);
    const controller = new AbortController();
    hub.answer = () => {
      controller.abort(new Error('left'));
      return true;
    };
    await expect(create({ signal: controller.signal })).rejects.toThrow('left');
    expect(descendants(process.pid)).toEqual(before);
  });

  it('does not outlive a parent that is killed', async () => {
    const parent = startParent(writeTinyModel(join(tempDir('made'), 'tiny')));
    await once(parent, 'message');
    const processes = descendants(parent.pid ?? 0);
    expect(processes).toHaveLength(1);
    parent.kill('SIGKILL');
    await gone(processes);
  });
});

/** Another process with an embedder of its own, bundled as the product is, which tells when it is ready. */
function startParent(model: string): ChildProcess {
  const outfile = join(tempDir('parent'), 'parent.cjs');
  const folder = fileURLToPath(new URL('../../../index/embedding/', import.meta.url));
  const contents = `import { createTransformersEmbedder } from ${JSON.stringify(join(folder, 'transformers-embedder.ts'))};
    const [model, cacheDir, library] = process.argv.slice(2);
    createTransformersEmbedder({ model, cacheDir, libraryFolders: [library], env: process.env }).then(() => process.send('ready'));`;
  const esbuild = fileURLToPath(new URL('../../../node_modules/.bin/esbuild', import.meta.url));
  const own = `--define:import.meta.url=${JSON.stringify(new URL('../../../index/embedding/x.ts', import.meta.url).href)}`;
  execFileSync(
    esbuild,
    ['--bundle', '--platform=node', '--format=cjs', '--supported:dynamic-import=false', own, `--outfile=${outfile}`],
    {
      input: contents,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  return fork(outfile, [model, tempDir('parent-cache'), library ?? ''], { stdio: 'ignore' });
}
