import { describe, expect, it } from 'vitest';
import { createToolIndex } from '../../../index/create-tool-index.ts';
import { pairedBootstrap } from '../../../index/evaluation/bootstrap.ts';
import { evaluate, percentile } from '../../../index/evaluation/evaluate.ts';
import { goldenSet } from '../../../index/evaluation/golden-set.ts';
import { parseCorpus, parseQueries, parseUnanswerable } from '../../../index/evaluation/judged-query.ts';
import { auroc, measure } from '../../../index/evaluation/measures.ts';
import { remarks } from '../../../index/evaluation/remarks.ts';
import { renderEval } from '../../../index/evaluation/render-eval.ts';
import { runEval } from '../../../index/evaluation/run-eval.ts';
import { qualityTools } from '../../quality/fixtures.ts';

const hits = (...ids: string[]) => ids.map((id) => ({ id, server: id.split('.')[0] ?? '' }));
const serverOf = (id: string) => id.split('.')[0];

describe('measures', () => {
  it('of a perfect ranking are all one', () => {
    const measures = measure(hits('a.x', 'b.y', 'c.z'), [['a.x'], ['b.y']], serverOf);
    expect(measures).toEqual({
      'recall@1': 0.5,
      'recall@5': 1,
      'recall@10': 1,
      'ndcg@10': 1,
      mrr: 1,
      'hit@5': 1,
      'serverRecall@3': 1,
      'completeness@10': 1,
    });
  });

  it('count alternatives once', () => {
    const groups = [['a.1', 'a.2'], ['b.1']];
    const measures = measure(hits('a.2', 'a.1', 'b.1'), groups, serverOf);
    expect(measures['recall@1']).toBe(0.5);
    expect(measures['ndcg@10']).toBeCloseTo((1 + 1 / 2) / (1 + 1 / Math.log2(3)), 10);
  });

  it('of an empty ranking are zero', () => {
    expect(new Set(Object.values(measure([], [['a.x']], serverOf)))).toEqual(new Set([0]));
  });

  it('see the server even when the tool is missing', () => {
    const measures = measure(hits('a.other', 'b.1'), [['a.x']], serverOf);
    expect(measures['serverRecall@3']).toBe(1);
    expect(measures['recall@10']).toBe(0);
  });

  it('AUROC is the chance of the right order', () => {
    expect(auroc([3, 2], [1, 0])).toBe(1);
    expect(auroc([1, 2], [1, 2])).toBe(0.5);
    expect(auroc([0], [1])).toBe(0);
    expect(auroc([], [1])).toBe(0.5);
  });

  it('percentiles are values that occur', () => {
    expect(percentile([5, 1, 3], 0.5)).toBe(3);
    expect(percentile([5, 1, 3], 0.99)).toBe(5);
    expect(percentile([], 0.5)).toBe(0);
  });
});

describe('the paired bootstrap', () => {
  it('is sure of a real difference and not of noise, alike every time', () => {
    const base = Array.from({ length: 200 }, (_, i) => (i * 37) % 2);
    const better = base.map((x, i) => (i % 5 === 0 ? 1 : x));
    const shuffled = base.map((_, i) => base[(i + 1) % base.length] ?? 0);
    expect(pairedBootstrap(base, better).low).toBeGreaterThan(0);
    const noise = pairedBootstrap(base, shuffled);
    expect(noise.low).toBeLessThanOrEqual(0);
    expect(noise.high).toBeGreaterThanOrEqual(0);
    expect(pairedBootstrap(base, better)).toEqual(pairedBootstrap(base, better));
    expect(pairedBootstrap([], [])).toEqual({ mean: 0, low: 0, high: 0 });
  });
});

describe('reading files', () => {
  it('takes groups, or each relevant tool as its own need', () => {
    const text =
      '{"id":"1","query":"q","relevant":["a","b"],"split":"s"}\n\n{"id":"2","query":"q","relevant":["a","b"],"groups":[["a","b"]]}\n';
    expect(parseQueries(text)).toEqual([
      { id: '1', query: 'q', split: 's', groups: [['a'], ['b']] },
      { id: '2', query: 'q', split: 'all', groups: [['a', 'b']] },
    ]);
  });

  it('takes what editors on Windows write', () => {
    const crlf = '\uFEFF{"id":"1","query":"q","relevant":["a"]}\r\n\r\n{"id":"2","query":"q","relevant":["a"]}\r\n';
    expect(parseQueries(crlf).map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('counts a tool once that is named twice, and goes without groups that are empty', () => {
    const needed = (more: string) => parseQueries(`{"id":"1","query":"q","relevant":["a","a"]${more}}`)[0]?.groups;
    for (const more of ['', ',"groups":null', ',"groups":[]', ',"groups":[[]]']) expect(needed(more)).toEqual([['a']]);
    expect(needed(',"groups":[["a","b"],[]]')).toEqual([['a', 'b']]);
    for (const wrong of ['[[1]]', '["a"]', '{}', '"a"']) {
      expect(() => needed(`,"groups":${wrong}`)).toThrow('line 1: "groups" must be a list of lists');
    }
  });

  it('needs no list of nothing where no tool answers', () => {
    const text = '{"id":"1","query":"q"}\n{"id":"2","query":"q","relevant":[],"split":"far"}';
    expect(parseUnanswerable(text).map(({ groups, split }) => [groups, split])).toEqual([
      [[], 'all'],
      [[], 'far'],
    ]);
    expect(() => parseUnanswerable('{"id":"1"}')).toThrow('line 1');
  });

  it('remarks on what will count for less than it seems', () => {
    const [one, other] = [
      { id: 'a', server: 's', tool: 't' },
      { id: 'b', server: 's', tool: 't' },
    ];
    const documents = parseCorpus([one, other, one].map((tool) => JSON.stringify(tool)).join('\n'));
    const queries = parseQueries(
      '{"id":"1","query":"q","relevant":["a","c"]}\n{"id":"2","query":"q","relevant":["b"]}',
    );
    const noAnswer = parseUnanswerable('{"id":"2","query":"q"}');
    expect(remarks({ documents, queries, noAnswer })).toEqual([
      'tools that replace an earlier one of the same id: 1',
      'requests with the id of an earlier one, asked all the same: 1',
      'requests for tools that are not there, counted as not found: 1, the first "1" for "c"',
    ]);
    expect(remarks({ documents: documents.slice(0, 2), queries: queries.slice(1), noAnswer: [] })).toEqual([]);
  });

  it('names the line that is wrong', () => {
    expect(() => parseQueries('{"id":"1","query":"q","relevant":[]}\n{"id":2}')).toThrow('line 2');
    expect(() => parseCorpus('{"id":"1"')).toThrow('line 1: not JSON');
    expect(() => parseCorpus('[1]')).toThrow('line 1: expected a JSON object');
    expect(() => parseCorpus('{"id":"1","server":"s"}')).toThrow('"tool"');
  });
});

describe('a golden set from the catalog', () => {
  const golden = goldenSet(qualityTools());

  it('leaves the tools out that nothing shall answer, and asks for the others', () => {
    const kept = new Set(golden.documents.map(({ id }) => id));
    expect(golden.queries.length).toBeGreaterThan(800);
    expect(golden.noAnswer.length).toBeGreaterThan(10);
    expect(golden.queries.every(({ groups }) => groups.length === 1 && groups.flat().every((id) => kept.has(id)))).toBe(
      true,
    );
    expect(golden.noAnswer.every(({ id, groups }) => groups.length === 0 && !kept.has(id.split('#')[0] ?? ''))).toBe(
      true,
    );
    expect(goldenSet(qualityTools())).toEqual(golden);
  });

  it('has a request for every tool that it leaves out, however little is said of it', () => {
    const terse = qualityTools().map((tool) => ({ ...tool, description: 'Does it.' }));
    const { documents, noAnswer } = goldenSet(terse);
    expect(noAnswer.map(({ query }) => query)).not.toContain('');
    expect(noAnswer.length).toBe(terse.length - documents.length);
  });

  it('is answered by names in any spelling', async () => {
    const index = createToolIndex();
    await index.upsert(golden.documents);
    const { splits, results } = await evaluate({ index, ...golden, serverOf });
    expect(splits.name?.['recall@1']).toBe(1);
    expect(splits['name spelt otherwise']?.['recall@1']).toBe(1);
    expect(splits['name with a typo']?.['recall@1']).toBeGreaterThan(0.97);
    expect(results.length).toBe(golden.queries.length + golden.noAnswer.length);
  });
});

describe('running an evaluation', () => {
  it('compares engines and renders what it found', async () => {
    const { documents, queries, noAnswer } = goldenSet(qualityTools());
    const steps: string[] = [];
    const engines = [{ name: 'one' }, { name: 'two' }];
    const some = { documents, queries: queries.slice(0, 60), noAnswer: noAnswer.slice(0, 5), engines };
    const output = await runEval({
      ...some,
      answerTokens: (ranked) => ranked.length * 10,
      progress: (line) => steps.push(line),
    });
    expect(output.results).toHaveLength(65);
    expect(output.results[0]).toEqual({
      id: expect.any(String),
      ranked: expect.any(Array),
      scores: expect.any(Array),
      verdict: expect.stringMatching(/match|weak|none/),
    });
    expect(output.engines[1]?.comparison?.['recall@5']).toEqual({ mean: 0, low: 0, high: 0 });
    expect(output.summary.answerTokens?.p95).toBeLessThanOrEqual(100);
    expect(steps).toHaveLength(4);
    const text = renderEval(output);
    expect(text).toContain('| one ');
    expect(text).toContain('two minus one: recall@5 +.000');
    expect(text).not.toMatch(/undefined|NaN/);
  });

  it('looks at ten hits, however few are kept, and counts each tool once', async () => {
    const { documents, queries } = goldenSet(qualityTools());
    const some = { queries: queries.slice(0, 40), engines: [{ name: 'one' }] };
    const wide = await runEval({ documents, ...some });
    const narrow = await runEval({ documents: [...documents, ...documents.slice(0, 5)], ...some, top: 1 });
    expect(narrow.summary.measures).toEqual(wide.summary.measures);
    expect(narrow.summary.tools).toBe(documents.length);
    expect(narrow.results.map(({ ranked, scores }) => [ranked, scores])).toEqual(
      wide.results.map(({ ranked, scores }) => [ranked.slice(0, 1), scores.slice(0, 1)]),
    );
  });

  it('takes a request that wants no tool for one that no tool answers, wherever it stands', async () => {
    const { documents, queries, noAnswer } = goldenSet(qualityTools());
    const engines = [{ name: 'one' }];
    const apart = await runEval({ documents, queries: queries.slice(0, 20), noAnswer: noAnswer.slice(0, 5), engines });
    const mixed = await runEval({ documents, queries: [...noAnswer.slice(0, 5), ...queries.slice(0, 20)], engines });
    const { measures, splits, noAnswerAuroc, verdicts } = apart.summary;
    expect(mixed.summary).toMatchObject({ queries: 20, measures, splits, noAnswerAuroc, verdicts });
  });

  it('renders splits of any name as one line each', async () => {
    const { documents, queries } = goldenSet(qualityTools());
    const odd = queries
      .slice(0, 3)
      .map((query, i) => ({ ...query, split: ['a|b', 'two\nlines', '\u001b[31mred'][i] ?? '' }));
    const text = renderEval(await runEval({ documents, queries: odd, engines: [{ name: 'one' }] }));
    expect(text).toContain('| a\\|b ');
    expect(text).toContain('| two lines ');
    expect(text).toContain('|  [31mred ');
  });

  it('refuses to measure nothing', async () => {
    await expect(runEval({ documents: [], queries: [], engines: [] })).rejects.toThrow('at least one engine');
  });
});
