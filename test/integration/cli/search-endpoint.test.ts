import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { answerJson, type EmbeddingsServer, startEmbeddingsServer } from '../../helpers/embeddings-server.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const KEY = 'sk-very-secret-key';
let endpoint: EmbeddingsServer;
beforeEach(async () => {
  endpoint = await startEmbeddingsServer(16);
});
afterEach(() => endpoint.close());

/** A configuration whose key is a reference, and a data folder that nothing else has used. */
function search(task: string) {
  const folder = tempDir();
  const config = join(folder, 'tooldex.json');
  const embedder = {
    ...{ kind: 'openai', url: endpoint.url, model: 'e5-small', dimensions: 16, api_key: '${env:EMBEDDINGS_KEY}' },
    headers: { 'x-project': '${env:EMBEDDINGS_PROJECT}' },
  };
  writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') }, search: { embedder } }));
  const flags = ['--config', config, '--data-dir', join(folder, 'data'), '--json'];
  return runCli(['search', task, ...flags], { env: { EMBEDDINGS_KEY: KEY, EMBEDDINGS_PROJECT: 'tools' } });
}

describe('search with an endpoint for embeddings', () => {
  it('asks it for tools and for the task, in batches, with the key that the configuration refers to', async () => {
    const { code, stdout, stderr } = await search('add two numbers');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { hits, ...answer } = JSON.parse(stdout);
    expect(answer).toMatchObject({ mode: 'hybrid', model: 'openai e5-small' });
    expect(hits[0]).toMatchObject({ id: 'well:add' });
    const inputs = endpoint.requests.flatMap(({ body }) => body.input);
    expect(inputs).toContain('query: add two numbers');
    expect(inputs.filter((input) => input.startsWith('passage: ')).length).toBeGreaterThan(10);
    expect(endpoint.requests.length).toBeLessThan(6);
    for (const { path, headers, body } of endpoint.requests) {
      expect(path).toBe('/v1/embeddings');
      expect(headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-project': 'tools' });
      expect(body).toMatchObject({ model: 'e5-small', dimensions: 16 });
    }
    expect(stdout + stderr).not.toContain(KEY);
  });

  it('#68 is answered by the static model where the endpoint refuses the key, which nothing shows', async () => {
    endpoint.always((response) => answerJson(response, { error: { message: `no such key: ${KEY}` } }, { status: 401 }));
    const { code, stdout, stderr } = await search('add two numbers');
    expect(code).toBe(0);
    const { hits, ...answer } = JSON.parse(stdout);
    expect(answer).toMatchObject({ mode: 'hybrid', model: 'the static model' });
    expect(hits[0]).toMatchObject({ id: 'well:add' });
    expect(stdout + stderr).not.toContain(KEY);
  });
});
