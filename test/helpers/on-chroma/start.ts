/** Before tests that run on Chroma: starts one for all of them, and builds the command line that keeps its vectors there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createChromaChild } from '../../../index/store/chroma-child.ts';
import { bundle, ENTRIES, ROOT } from '../../../scripts/bundle.mjs';
import { findChroma } from '../chroma-server.ts';
import { bundledOnChroma } from './substitute.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    onChroma: OnChroma;
  }
}

export interface OnChroma {
  readonly url: string;
  /** Folder of the built command line. */
  readonly dist: string;
}

export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const program = findChroma();
  if (!program) throw new Error('TOOLDEX_TEST_STORE=chroma needs a Chroma');
  const data = await mkdtemp(join(tmpdir(), 'tooldex-on-chroma-'));
  // It ends when this process does, however that ends.
  const chroma = createChromaChild({ dataDir: data, env: process.env, command: [program] });
  // Beside dist, for what is shipped is found from there.
  const dist = join(ROOT, `dist-on-chroma-${process.pid}`);
  const stop = async () => {
    await chroma.close();
    for (const folder of [data, dist]) await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await chroma.address();
    await bundle({ entries: ENTRIES, outdir: dist, plugins: [bundledOnChroma(url)] });
    project.provide('onChroma', { url, dist });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
