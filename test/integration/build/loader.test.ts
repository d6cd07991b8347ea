/** The loader starts the bundle with a code cache where it can have one, and without where it cannot. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stop } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../../../scripts/bundle.mjs';
import { makeTempDir, tempDir } from '../../helpers/temp-dir.ts';

const PROGRAM = `
import { basename } from 'node:path';
export function greet(name: string) { return \`größe \${name} \${basename(__filename)} \${require('node:fs').existsSync(__dirname)}\`; }
export function start() {
  import('node:os').then(({ EOL }) => process.stdout.write(greet(process.argv.slice(2).join(',')) + EOL));
}
`;
const FRONT = 'export function start(loadProgram: () => { start(): void }) { loadProgram().start(); }';

const built = makeTempDir('loader');
let outdir: string;
let home: string;

beforeAll(async () => {
  writeFileSync(join(built.path, 'front.ts'), FRONT);
});
afterAll(async () => {
  built.remove();
  await stop();
});
beforeEach(async () => {
  outdir = tempDir('dist');
  home = tempDir('home');
  await build(PROGRAM);
});

async function build(program: string) {
  const main = join(built.path, 'program.ts');
  writeFileSync(main, program);
  await bundle({ entries: { tooldex: main, 'tooldex-stdio': join(built.path, 'front.ts') }, outdir });
}

async function run(...args: string[]) {
  const child = spawn(process.execPath, [join(outdir, 'main.cjs'), ...args], {
    env: { ...process.env, XDG_CACHE_HOME: home },
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { output, errors, code: child.exitCode };
}

const greeting = (...args: string[]) => ({ output: `größe ${args.join(',')} tooldex.cjs true\n`, errors: '', code: 0 });
const caches = () => readdirSync(join(outdir, 'cache'));

describe('the code cache', () => {
  it('is written by the first start beside the bundle, and used from then on', async () => {
    expect(await run('list', 'a')).toEqual(greeting('list', 'a'));
    const [name = ''] = caches();
    const written = statSync(join(outdir, 'cache', name));
    expect(await run('list', 'b')).toEqual(greeting('list', 'b'));
    expect(caches()).toEqual([name]);
    expect(statSync(join(outdir, 'cache', name)).ino).toBe(written.ino);
  });

  it('is one for each command that lives long', async () => {
    for (const command of ['serve', 'stdio', 'list', 'check']) await run(command);
    const commandAndBundle = (name: string) => name.split(`${process.arch}-`).at(-1);
    expect(caches().map(commandAndBundle)).toEqual([
      'cli-tooldex',
      'serve-tooldex',
      'stdio-tooldex',
      'stdio-tooldex-stdio',
    ]);
  });

  it('is replaced without a word when it is broken', async () => {
    await run();
    const file = join(outdir, 'cache', caches()[0] ?? '');
    writeFileSync(file, 'no code cache');
    expect(await run('x')).toEqual(greeting('x'));
    expect(readFileSync(file).length).toBeGreaterThan(100);
  });

  it('goes to the cache folder of the user when there is no place beside the bundle', async () => {
    writeFileSync(join(outdir, 'cache'), 'a file where the folder would be');
    expect(await run('x')).toEqual(greeting('x'));
    expect(readdirSync(join(home, 'tooldex'))).toHaveLength(1);
    expect(await run('y')).toEqual(greeting('y'));
  });

  it('is done without when there is no place at all', async () => {
    writeFileSync(join(outdir, 'cache'), '');
    writeFileSync(join(home, 'tooldex'), '');
    expect(await run('x')).toEqual(greeting('x'));
  });

  it('survives many first starts at once', async () => {
    const runs = await Promise.all(Array.from({ length: 6 }, (_, index) => run('list', String(index))));
    expect(runs).toEqual(runs.map((_, index) => greeting('list', String(index))));
    expect(caches()).toHaveLength(1);
  });

  it('is of this build only', async () => {
    await run();
    const [before] = caches();
    await build(PROGRAM.replaceAll('greet', 'salute'));
    await run();
    expect(caches()).toHaveLength(1);
    expect(caches()[0]).not.toBe(before);
  });
});

it('the loader is a program of its own', async () => {
  expect(readFileSync(join(outdir, 'main.cjs'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(join(outdir, 'main.cjs')).mode & 0o111).toBe(0o111);
});

describe('a program that our own code starts from a file', () => {
  it('is the one of the build, whatever becomes of the source afterwards', async () => {
    const folder = join(built.path, 'src');
    mkdirSync(folder, { recursive: true });
    const write = (word: string) => {
      writeFileSync(join(folder, 'word.cjs'), `module.exports = '${word}';`);
      writeFileSync(join(folder, 'program.cjs'), `console.log('${word}', require('./word.cjs'));`);
    };
    write('built');
    const main = join(folder, 'main.ts');
    writeFileSync(
      main,
      `import { execFileSync } from 'node:child_process';
      import { fileURLToPath } from 'node:url';
      export const start = () =>
        execFileSync(process.execPath, [fileURLToPath(new URL('./program.cjs', import.meta.url))], { stdio: 'inherit' });`,
    );
    await bundle({ entries: { tooldex: main, 'tooldex-stdio': join(built.path, 'front.ts') }, outdir });
    write('pulled');
    expect(await run('list')).toEqual({ output: 'built built\n', errors: '', code: 0 });
  });
});
