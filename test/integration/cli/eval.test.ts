import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { findTransformersFolder } from '../../helpers/transformers-library.ts';

const transformers = findTransformersFolder();

const TOOLS = [
  { id: 'a', server: 'weather', tool: 'get_forecast', description: 'Weather forecast of a city for the next days' },
  { id: 'b', server: 'files', tool: 'read_file', description: 'Read a text file from disk' },
  { id: 'c', server: 'files', tool: 'delete_file', description: 'Delete a file for ever' },
];
const QUERIES = [
  { id: 'q1', query: 'will it rain in Porto tomorrow, the forecast', relevant: ['a'] },
  { id: 'q2', query: 'show me what is in a text file', relevant: ['b'] },
];
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

describe('tooldex eval', () => {
  it('measures files of judged queries and prints what was found for each', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'corpus.jsonl'), lines(TOOLS));
    writeFileSync(join(folder, 'queries.jsonl'), lines(QUERIES));
    const { code, stdout } = await runCli([
      ...['eval', '--corpus', join(folder, 'corpus.jsonl'), '--queries', join(folder, 'queries.jsonl')],
      ...['--embedder', 'builtin', 'static', 'words', '--json', '--data-dir', join(folder, 'data')],
    ]);
    expect(code).toBe(0);
    const { results, summary, engines } = JSON.parse(stdout);
    expect(results.map((result: { id: string; ranked: string[] }) => [result.id, result.ranked[0]])).toEqual([
      ['q1', 'a'],
      ['q2', 'b'],
    ]);
    expect(summary).toMatchObject({ engine: 'builtin', tools: 3, degraded: 0 });
    expect(engines.map((engine: { engine: string }) => engine.engine)).toEqual(['builtin', 'static', 'words']);
  });

  it('spares the encoder among as many tools as a gateway would, and says so', async () => {
    const folder = tempDir();
    const config = join(folder, 'tooldex.json');
    writeFileSync(join(folder, 'corpus.jsonl'), lines(TOOLS));
    const inDoubt = { id: 'q3', query: 'paint my house', relevant: ['c'] };
    writeFileSync(join(folder, 'queries.jsonl'), lines([...QUERIES, inDoubt]));
    const run = async (most: number, ...flags: string[]) => {
      const search = { embedder: { kind: 'builtin', encoder_max_tools: most } };
      writeFileSync(config, JSON.stringify({ servers: {}, search }));
      const files = ['--corpus', join(folder, 'corpus.jsonl'), '--queries', join(folder, 'queries.jsonl')];
      return runCli(['eval', ...files, '--config', config, '--data-dir', join(folder, 'data'), ...flags]);
    };
    const summaryOf = async (most: number) =>
      JSON.parse((await run(most, '--embedder', 'builtin', '--json')).stdout).summary;
    const over = await summaryOf(2);
    expect(over).toMatchObject({ answeredBy: { 'the static model': 3 }, degraded: 0 });
    const reason =
      'the built-in encoder is spared, because 3 tools are more than search.embedder.encoder_max_tools (2)';
    expect(over.spared).toBe(reason);
    const under = await summaryOf(3);
    expect(under.spared).toBeUndefined();
    expect(under.answeredBy).toHaveProperty('the built-in encoder');
    expect(/^builtin(?: in chroma)?: (.*)$/m.exec((await run(2)).stdout)?.[1]).toBe(reason);
  });

  it('counts tokens of the schemas that the file brings', async () => {
    const folder = tempDir();
    const tokensOf = async (properties: object) => {
      const inputSchema = { type: 'object', properties };
      writeFileSync(join(folder, 'corpus.jsonl'), lines(TOOLS.map((tool) => ({ ...tool, inputSchema }))));
      writeFileSync(join(folder, 'queries.jsonl'), lines(QUERIES));
      const files = ['--corpus', join(folder, 'corpus.jsonl'), '--queries', join(folder, 'queries.jsonl')];
      const flags = ['--embedder', 'words', '--json', '--data-dir', join(folder, 'data')];
      return JSON.parse((await runCli(['eval', ...files, ...flags])).stdout).summary.answerTokens.mean;
    };
    const named = await tokensOf({ path: { description: 'where' } });
    expect(await tokensOf({ path: { description: 'where', type: 'string', pattern: '^/[a-z]+$' } })).toBeGreaterThan(
      named,
    );
  });

  it.skipIf(!transformers || process.platform !== 'linux')(
    'counts the memory of a model that runs in a process of its own',
    async () => {
      const folder = tempDir();
      symlinkSync(join(transformers ?? '', 'node_modules'), join(folder, 'node_modules'));
      writeFileSync(join(folder, 'corpus.jsonl'), lines(TOOLS));
      writeFileSync(join(folder, 'queries.jsonl'), lines(QUERIES));
      const { code, stdout } = await runCli([
        ...['eval', '--corpus', join(folder, 'corpus.jsonl'), '--queries', join(folder, 'queries.jsonl')],
        ...['--embedder', 'transformers', 'words', '--json', '--data-dir', folder],
      ]);
      expect(code).toBe(0);
      const [model, words] = JSON.parse(stdout).engines;
      expect(model).toMatchObject({ engine: 'transformers', degraded: 0 });
      // The weights alone are 24 MB, and Node itself is more than that again.
      expect(model.apartMiB).toBeGreaterThan(48);
      expect(model.memoryMiB).toBeGreaterThan(model.apartMiB / 2);
      expect(words.apartMiB).toBe(0);
    },
  );

  it('makes its own queries from the catalog of the user', async () => {
    const folder = tempDir();
    const config = join(folder, 'tooldex.json');
    writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') } }));
    const { code, stdout } = await runCli(['eval', '--config', config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\| builtin(?: in chroma)? +\|/);
    expect(stdout).toMatch(/\| static(?: in chroma)? +\|/);
    expect(stdout).toMatch(/\| words +\|/);
    expect(stdout).toMatch(/\| builtin(?: in chroma)? +\| \d+ answerable +\|/);
  });

  it('names the file and the line that it cannot use', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'corpus.jsonl'), `${lines(TOOLS)}\n{"id":1}`);
    writeFileSync(join(folder, 'queries.jsonl'), lines(QUERIES));
    const files = ['--corpus', join(folder, 'corpus.jsonl'), '--queries', join(folder, 'queries.jsonl')];
    const { code, stderr } = await runCli(['eval', ...files, '--data-dir', join(folder, 'data')]);
    expect(code).toBe(64);
    expect(stderr).toMatch(/corpus\.jsonl: line 4/);
  });

  it('says what to do where a store or a model cannot be had', async () => {
    const folder = tempDir();
    const [corpus, queries, config] = ['corpus.jsonl', 'queries.jsonl', 'tooldex.json'].map((name) =>
      join(folder, name),
    );
    writeFileSync(corpus ?? '', lines(TOOLS));
    writeFileSync(queries ?? '', lines(QUERIES));
    const search = { store: { kind: 'chroma', url: 'http://127.0.0.1:9' } };
    writeFileSync(config ?? '', JSON.stringify({ servers: {}, search }));
    const files = ['--corpus', corpus ?? '', '--queries', queries ?? '', '--config', config ?? ''];
    const { code, stdout, stderr } = await runCli(['eval', ...files, '--embedder', 'static']);
    expect(code).toBe(69);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/RUNTIME_UNAVAILABLE.*127\.0\.0\.1:9.*cannot be reached\n.*hint: /);
  });

  it('measures nothing where files are empty or one of two is missing, and says what is odd about others', async () => {
    const folder = tempDir();
    const [corpus, queries, empty] = ['corpus', 'queries', 'empty'].map((name) => join(folder, `${name}.jsonl`));
    writeFileSync(corpus ?? '', lines([...TOOLS, ...TOOLS.slice(0, 1)]));
    writeFileSync(queries ?? '', lines([...QUERIES, { id: 'q3', query: 'fly to the moon', relevant: ['rocket'] }]));
    writeFileSync(empty ?? '', '\n');
    const run = (...files: (string | undefined)[]) =>
      runCli(['eval', ...files.map((file) => file ?? ''), '--embedder', 'words', '--data-dir', join(folder, 'data')]);

    expect(await run('--corpus', corpus, '--queries', empty)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('empty.jsonl: it is empty'),
    });
    expect(await run('--queries', queries)).toMatchObject({ code: 64, stderr: expect.stringContaining('--corpus') });
    const { code, stdout, stderr } = await run('--corpus', corpus, '--queries', queries, '--noanswer', empty);
    expect(code).toBe(0);
    expect(stderr).toContain('note: tools that replace an earlier one of the same id: 1');
    expect(stderr).toContain('"q3" for "rocket"');
    expect(stdout).not.toContain('unanswerable');
  });
});
