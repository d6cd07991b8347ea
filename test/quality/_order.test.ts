import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openToolIndex } from '../../index/open-tool-index.ts';
import { createToolIndex } from '../../index/create-tool-index.ts';
import { openBuiltinEmbedder } from '../../index/embedding/builtin-embedder.ts';
import { createEmbeddedVectorStore } from '../../index/store/embedded-vector-store.ts';
import { qualityQueries, qualityTools } from './fixtures.ts';
const tools = qualityTools();
const queries = qualityQueries().map(({ query }) => query);

const modelFolder = fileURLToPath(new URL('../../index/model', import.meta.url));
it('ranks alike whatever came first', async () => {
  const make = async () => process.env.STAT ? openToolIndex({ modelFolder }) : createToolIndex({ vectors: process.env.NOVEC ? [] : [{ embedder: await openBuiltinEmbedder(`${modelFolder}/static.bin`), store: createEmbeddedVectorStore() }] });
  const one = await make();
  const two = await make();
  await one.upsert(tools);
  await two.upsert([...tools].reverse());
  await one.settled(); await two.settled();
  const bad: string[] = [];
  for (const task of queries) {
    const [a, b] = await Promise.all([one, two].map((x) => x.search({ task, limit: 10 })));
    const diff = a!.hits.findIndex((h, i) => h.id !== b!.hits[i]?.id || Math.abs(h.score - (b!.hits[i]?.score ?? 0)) > 1e-6);
    if (diff >= 0) bad.push(`${task} @${diff} ${a!.mode} ${b!.mode} ${JSON.stringify(a!.hits[diff])} ${JSON.stringify(b!.hits.find((h) => h.id === a!.hits[diff]!.id))}`);
  }
  console.log(bad.length, bad.slice(0, 3).join('\n'));
  expect(bad).toEqual([]);
});
