/** Setup of a test file that runs on Chroma: tells it where that is, and drops its collections afterwards, so that none slow down the next. */
import { ChromaClient } from 'chromadb';
import { afterAll, inject } from 'vitest';
import { fileMark } from '../test-run.ts';

const { url, dist } = inject('onChroma');
process.env.TOOLDEX_TEST_CHROMA_URL = url;
process.env.TOOLDEX_TEST_DIST = dist;

afterAll(async () => {
  const { hostname: host, port } = new URL(url);
  const client = new ChromaClient({ host, port: Number(port) });
  const own = (await client.listCollections({ limit: 10_000 })).filter(({ name }) => name.startsWith(fileMark));
  for (const { name } of own) await client.deleteCollection({ name });
});
