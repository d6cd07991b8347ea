/** Decides from the first line of a program how to start it without a shell, a shim or a search of the PATH in between. */
import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Bin } from './installed-package.ts';

/** `file` is relative to `folder`. Throws when it cannot be read. */
export async function resolveBin(folder: string, file: string): Promise<Bin> {
  const line = await firstLine(join(folder, file));
  const interpreter = readShebang(line);
  if (interpreter?.name === 'node') return { kind: 'node', file, flags: interpreter.flags };
  if (interpreter === undefined && /^\.[cm]?js$/.test(extname(file))) return { kind: 'node', file, flags: [] };
  return { kind: 'executable', file, flags: [] };
}

interface Shebang {
  /** Name of the interpreter without folder and version, such as `node` or `python`. */
  readonly name: string;
  readonly flags: readonly string[];
}

/** Understands `#!/path/program flags` and `#!/usr/bin/env [-S] program flags`; undefined without a shebang. */
export function readShebang(line: string): Shebang | undefined {
  if (!line.startsWith('#!')) return undefined;
  let words = line.slice(2).trim().split(/\s+/);
  if (lastPart(words[0]) === 'env') words = words.slice(words[1] === '-S' ? 2 : 1);
  const [program, ...flags] = words;
  return { name: lastPart(program).replace(/[\d.]+$/, ''), flags };
}

const lastPart = (path: string | undefined) => path?.split('/').at(-1) ?? '';

/** At most 256 bytes of it. */
export async function firstLine(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('latin1', 0, bytesRead).split(/\r?\n/, 1)[0] ?? '';
  } finally {
    await file.close();
  }
}
