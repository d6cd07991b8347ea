// Rebuilds index/store/dot-product-wasm.ts from dot-product.wat: node scripts/build-wasm.mjs
// The assembler (wabt, fetched by npx) is needed only when the .wat changes, so it is no dependency.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ASSEMBLER = 'wabt@1.0.39';
const folder = path.resolve(import.meta.dirname ?? 'scripts', '../index/store');
const scratch = mkdtempSync(path.join(tmpdir(), 'tooldex-wasm-'));
try {
  const binary = path.join(scratch, 'dot-product.wasm');
  execFileSync('npx', ['--yes', '-p', ASSEMBLER, 'wat2wasm', path.join(folder, 'dot-product.wat'), '-o', binary]);
  const base64 = readFileSync(binary).toString('base64');
  const lines = base64.match(/.{1,110}/g).map((line) => `  '${line}',`);
  writeFileSync(
    path.join(folder, 'dot-product-wasm.ts'),
    `/** The assembled dot-product.wat, base64. Made by scripts/build-wasm.mjs. */\nexport const DOT_PRODUCT_WASM = [\n${lines.join('\n')}\n].join('');\n`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
