import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openToolIndex } from '../../index/open-tool-index.ts';
import type { ToolDocument } from '../../index/tool-document.ts';
import { createDefaultStore } from '../helpers/default-store.ts';
import { qualityQueries, qualityTools } from './fixtures.ts';

const modelFolder = fileURLToPath(new URL('../../index/model', import.meta.url));

async function filled(documents: readonly ToolDocument[]) {
  const index = await openToolIndex({ modelFolder, store: createDefaultStore() });
  onTestFinished(() => index.close());
  await index.upsert(documents);
  await index.settled();
  return index;
}

it('ranks alike whatever was indexed first', async () => {
  const tools = qualityTools();
  const [forwards, backwards] = [await filled(tools), await filled([...tools].reverse())];
  for (const { query: task } of qualityQueries()) {
    const [one, other] = await Promise.all(
      [forwards, backwards].map((index) => index.search({ task, limit: 10, deadlineMs: 30_000 })),
    );
    const ids = (answer: typeof one) => answer?.hits.map(({ id }) => id);
    expect({ task, ids: ids(one), verdict: one?.verdict }).toEqual({ task, ids: ids(other), verdict: other?.verdict });
  }
});
