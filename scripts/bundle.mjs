/** Bundles each entry file and everything it imports into one CommonJS file, with the loader that runs them beside them. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What the package starts from. */
export const ENTRIES = { tooldex: 'src/main.ts', 'tooldex-stdio': 'src/main-stdio.ts' };
/** Packages with native code or of great weight: they are installed, not bundled. */
const EXTERNAL = ['@photostructure/sqlite', '@huggingface/transformers', '*.node'];

/**
 * Packages that only some runs need, in bundles of their own: what is read and held by every start stays small. Those that
 * share state or classes stand in one bundle.
 */
const APART = {
  docker: ['dockerode'],
  metrics: ['prom-client'],
  chroma: ['chromadb'],
  undici: ['undici'],
  'mcp-server': ['@modelcontextprotocol/server', '@modelcontextprotocol/server/stdio', '@modelcontextprotocol/node'],
  'mcp-client': ['@modelcontextprotocol/client'],
  'config-reader': ['yaml', 'zod'],
  tokens: ['jose'],
  'json-schema': ['ajv', 'ajv/dist/2020.js'],
  'json-patterns': ['re2js'],
  'fastify-rest': ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request', 'pino'],
};

/** What packages require in their first lines and hardly ever use: it is loaded when somebody asks for a part of it. */
const LATE = { fastify: ['node:http2', 'node:https', 'semver'] };

/** As Node would wrap it: the loader then hands each file on as it is, instead of making a copy of two megabytes. */
const BEGIN = '(function (exports, require, module, __filename, __dirname) {';

/**
 * `entries`: name of the bundle to entry file. Writes bundles, source maps and `main.cjs`; returns esbuild's metafile.
 * @param {{ entries: Record<string, string>, outdir: string, plugins?: esbuild.Plugin[] }} options `plugins` come before our own
 */
export async function bundle({ entries, outdir, plugins = [] }) {
  const programs = new Set();
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: {
      ...entries,
      ...Object.fromEntries(Object.keys(APART).map((name) => [`lib/${name}`, `apart:${name}`])),
    },
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    /* What is installed beside the bundle is then required: an import() in code from a cache finds no loader. */
    supported: { 'dynamic-import': false },
    charset: 'ascii',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    sourcemap: 'external',
    external: EXTERNAL,
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: `${BEGIN}const bundleUrl=require('node:url').pathToFileURL(__filename).href;` },
    footer: { js: '})' },
    plugins: [...plugins, ownUrls(programs), briefAsserts, late, apart],
    logLevel: 'warning',
  });
  await rm(join(outdir, 'lib'), { recursive: true, force: true });
  await mkdir(join(outdir, 'lib'), { recursive: true });
  for (const { path, contents } of outputFiles) await replace(path, contents);
  await copyPrograms(programs, join(outdir, 'lib'));
  await writeLoader(
    outdir,
    outputFiles.filter(({ path }) => path.endsWith('.cjs')),
  );
  return metafile;
}

async function writeLoader(outdir, bundles) {
  const digest = createHash('sha256');
  for (const { contents } of bundles) digest.update(contents);
  const hash = digest.digest('hex').slice(0, 16);
  const loader = await readFile(join(ROOT, 'src/loader.cjs'), 'utf8');
  await rm(join(outdir, 'cache'), { recursive: true, force: true });
  await replace(join(outdir, 'main.cjs'), loader.replace('__BUNDLE_HASH__', hash), 0o755);
}

/** Never half a file, however many build at once. */
export async function replace(path, contents, mode = 0o644) {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, contents, { mode });
  await rename(unfinished, path);
}

/** A program that our own code starts from a file: a thread or a process of its own. */
const PROGRAM_URL = /new URL\('\.\/([\w-]+\.cjs)', import\.meta\.url\)/g;

/**
 * Lets our own files find what lies beside them by `import.meta.url`, from the bundle as from the source. Programs go along
 * with the bundle, and are noted in `programs`: a bundle that was built before a `git pull` would not fit newer ones.
 */
const ownUrls = (programs) => ({
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](src|index)[\\/].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (path.includes('node_modules') || !source.includes('import.meta.url')) return undefined;
      const url = `new URL(${JSON.stringify(`../${relative(ROOT, path)}`)}, bundleUrl).href`;
      const contents = source.replaceAll(PROGRAM_URL, (_, name) => {
        programs.add(join(dirname(path), name));
        return `new URL('./lib/${name}', bundleUrl)`;
      });
      return { contents: contents.replaceAll('import.meta.url', `(${url})`), loader: 'ts' };
    });
  },
});

/** With the files beside them that they require. */
async function copyPrograms(programs, folder) {
  for (const path of programs) {
    const source = await readFile(path, 'utf8');
    for (const [, name] of source.matchAll(/require\('\.\/([\w-]+\.cjs)'\)/g)) programs.add(join(dirname(path), name));
    await replace(join(folder, basename(path)), source);
  }
}

/**
 * What answers come to undici may fail its assertions. Node reads the line of source again to say which, and a bundle is one
 * line: that takes seconds, in which nobody is served. With a message it need not.
 */
const briefAsserts = {
  name: 'brief-asserts',
  setup(build) {
    build.onResolve({ filter: /^(node:)?assert$/ }, ({ importer }) =>
      importer.includes('/node_modules/undici/') ? { path: 'assert', namespace: 'brief' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'brief' }, () => ({ contents: BRIEF_ASSERT, resolveDir: ROOT }));
  },
};

const BRIEF_ASSERT = `
const assert = require('node:assert');
const ok = (value, message = 'an assertion of undici failed') => assert.ok(value, message);
module.exports = Object.assign(ok, assert, { ok });
`;

/** Stands for what LATE names until a member of it is read. */
const late = {
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/, namespace: 'file' }, ({ path, importer, resolveDir: pluginData }) => {
      const isLate = Object.entries(LATE).some(([name, late]) => late.includes(path) && isWithin(name, importer));
      return isLate ? { path, namespace: 'late', pluginData } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path, pluginData: resolveDir }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require(${JSON.stringify(path)})[name] });`,
      resolveDir,
    }));
  },
};

/**
 * Gives our own code, and the server that it builds on, the packages of APART from their bundles; other packages find one another
 * within theirs.
 */
const apart = {
  name: 'apart',
  setup({ onResolve, onLoad }) {
    const bundleOf = new Map(Object.entries(APART).flatMap(([name, packages]) => packages.map((path) => [path, name])));
    onResolve({ filter: /^apart:/ }, ({ path }) => ({ path: path.slice('apart:'.length), namespace: 'apart-bundle' }));
    onResolve({ filter: /^[@a-z]/ }, ({ path, importer }) =>
      bundleOf.has(path) && (isOurs(importer) || isWithin('fastify', importer))
        ? { path, namespace: 'apart-package' }
        : undefined,
    );
    onResolve({ filter: /^\.\/lib\//, namespace: 'apart-package' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: 'apart-bundle' }, ({ path }) => {
      const members = APART[path].map((name) => `${JSON.stringify(name)}: require(${JSON.stringify(name)})`);
      return { contents: `module.exports = { ${members.join(', ')} };`, resolveDir: ROOT };
    });
    onLoad({ filter: /.*/, namespace: 'apart-package' }, ({ path }) => {
      const file = JSON.stringify(`./lib/${bundleOf.get(path)}.cjs`);
      return { contents: `module.exports = require(${file})[${JSON.stringify(path)}];`, resolveDir: ROOT };
    });
  },
};

const isOurs = (importer) => /[\\/](src|index)[\\/]/.test(importer) && !importer.includes('node_modules');
const isWithin = (name, importer) => importer.replaceAll('\\', '/').includes(`/node_modules/${name}/`);
