// Rebuilds the assembled form (`X-wasm.ts`) of every X.wat in index: node scripts/build-wasm.mjs
// The assembler (wabt, fetched by npx) is needed only when a .wat changes, so it is no dependency.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ASSEMBLER = 'wabt@1.0.39';
const PROGRAMS = ['store/dot-product', 'embedding/encoder'];
const index = path.resolve(import.meta.dirname ?? 'scripts', '../index');
const scratch = mkdtempSync(path.join(tmpdir(), 'tooldex-wasm-'));
try {
  for (const program of PROGRAMS) assemble(program);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function assemble(program) {
  const name = path.basename(program);
  const binary = path.join(scratch, `${name}.wasm`);
  execFileSync('npx', [
    '--yes',
    '-p',
    ASSEMBLER,
    'wat2wasm',
    '--enable-threads',
    path.join(index, `${program}.wat`),
    '-o',
    binary,
  ]);
  const base64 = readFileSync(binary).toString('base64');
  const lines = base64.match(/.{1,110}/g).map((line) => `  '${line}',`);
  const constant = `${name.toUpperCase().replaceAll('-', '_')}_WASM`;
  writeFileSync(
    path.join(index, `${program}-wasm.ts`),
    `/** The assembled ${name}.wat, base64. Made by scripts/build-wasm.mjs. */\nexport const ${constant} = [\n${lines.join('\n')}\n].join('');\n`,
  );
}
