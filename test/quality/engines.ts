/** The ways to search that our own requests are asked in; the first is what the others are compared with. */
import path from 'node:path';
import { openBuiltinEmbedder } from '../../index/embedding/builtin-embedder.ts';
import { openStaticEmbedder } from '../../index/embedding/static-embedder.ts';
import type { EvalEngine } from '../../index/evaluation/run-eval.ts';
import { BUILTIN_TUNING } from '../../index/ranking/tuning.ts';
import { createDefaultStore } from '../helpers/default-store.ts';

export const MODEL = path.resolve('index/model');

export const ENGINES: readonly EvalEngine[] = [
  {
    name: 'builtin',
    open: async () => {
      const fixed = await openStaticEmbedder(path.join(MODEL, 'static.bin'));
      const embedder = await openBuiltinEmbedder(MODEL, async () => fixed);
      return [
        { embedder, store: createDefaultStore(), tuning: BUILTIN_TUNING, whenInDoubt: true },
        { embedder: fixed, store: createDefaultStore() },
      ];
    },
  },
  {
    name: 'static',
    open: async () => [
      { embedder: await openStaticEmbedder(path.join(MODEL, 'static.bin')), store: createDefaultStore() },
    ],
  },
  { name: 'words' },
];
