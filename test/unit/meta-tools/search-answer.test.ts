import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { type AnswerRequest, type Candidate, renderAnswer } from '../../../src/meta-tools/search-answer.ts';
import { toCandidate } from '../../../src/meta-tools/tool-candidate.ts';

const candidate = (index: number, words = 20): Candidate => ({
  server: `server${index % 3}`,
  name: `tool_${index}`,
  signature: `tool_${index}(path: string)\n  "does ${'something useful '.repeat(words / 2)}"`,
  isWhole: true,
  schema: `tool_${index}\n  schema: ${JSON.stringify({ type: 'object', text: 'much longer words '.repeat(words) })}`,
});
const request = (count: number, changes: Partial<AnswerRequest> = {}): AnswerRequest => ({
  candidates: Array.from({ length: count }, (_, index) => candidate(index)),
  detail: 'auto',
  tokensMax: 1_000,
  heading: (server) => `## ${server} (asleep)`,
  header: (shown) => `verdict: match | shown ${shown}`,
  footer: () => 'call one',
  ...changes,
});
const schemasIn = (text: string) => [...text.matchAll(/^- (tool_\d+)\n {2}schema: (.*)$/gm)].map((match) => match[1]);

describe('search answer', () => {
  it.each([1, 5, 20, 50])('stays within the budget by the real tokenizer with %i hits', (count) => {
    for (const tokensMax of [150, 400, 1_000, 4_000]) {
      expect(countTokens(renderAnswer(request(count, { tokensMax })))).toBeLessThanOrEqual(tokensMax);
    }
  });

  it('shows the best hits in the most detail, and only whole records', () => {
    const text = renderAnswer(request(20, { tokensMax: 800 }));
    expect(schemasIn(text).length).toBeGreaterThan(0);
    expect(schemasIn(text)[0]).toBe('tool_0');
    for (const [, json] of text.matchAll(/schema: (.*)$/gm)) expect(() => JSON.parse(json ?? '')).not.toThrow();
  });

  it('says how many it shows when not all fit', () => {
    const text = renderAnswer(request(50, { tokensMax: 150 }));
    const shown = Number(/shown (\d+)/.exec(text)?.[1]);
    expect(text.match(/^- /gm)?.length).toBe(shown);
    expect(shown).toBeLessThan(50);
  });

  it('lets no tool of endless name or schema take the others their place', () => {
    const endless = 'endless '.repeat(5_000);
    const [, ...others] = request(6).candidates;
    const huge = {
      server: 'server0',
      name: 'huge',
      signature: `huge(${endless})`,
      isWhole: true,
      schema: `huge\n  schema: ${endless}`,
    };
    const signed = renderAnswer(request(0, { candidates: [huge, ...others], detail: 'signatures' }));
    expect(signed).toContain('- huge\n');
    expect(signed.match(/\(path: string\)/g)).toHaveLength(5);
    expect(schemasIn(renderAnswer(request(0, { candidates: [huge, ...others], detail: 'schemas' })))).not.toEqual([]);
    const unnamed = renderAnswer(request(0, { candidates: [{ ...huge, name: endless }, ...others] }));
    expect(unnamed).toContain('shown 5');
    expect(unnamed).toContain('- tool_2(path: string)');
    for (const text of [signed, unnamed]) expect(countTokens(text)).toBeLessThanOrEqual(1_000);
  });

  it('keeps to names or signatures when asked to', () => {
    expect(renderAnswer(request(5, { detail: 'names' }))).not.toContain('path: string');
    expect(schemasIn(renderAnswer(request(5, { detail: 'signatures' })))).toEqual([]);
  });

  it('says once how to get the rules that signatures leave out, and only where one does', () => {
    const note = 'detail "schemas"';
    const candidates = request(4).candidates.map((each) => ({ ...each, isWhole: false }));
    for (const detail of ['signatures', 'auto'] as const) {
      expect(renderAnswer(request(0, { candidates, detail })).split(note)).toHaveLength(2);
      expect(renderAnswer(request(4, { detail }))).not.toContain(note);
    }
    for (const detail of ['names', 'schemas'] as const)
      expect(renderAnswer(request(0, { candidates: candidates.slice(0, 1), detail }))).not.toContain(note);
  });

  it('writes signatures and schemas of those only that there is room for', () => {
    const written = new Set<string>();
    const tools = Array.from({ length: 200 }, (_, index) => ({
      server: 's',
      name: `tool_${index}`,
      definition: {
        name: `tool_${index}`,
        get inputSchema() {
          written.add(this.name);
          return { type: 'object', properties: { path: { type: 'string' } } };
        },
      },
    }));
    const candidates = tools.map((tool) => toCandidate(tool, ['t', 'u']));
    expect(renderAnswer(request(0, { candidates, tokensMax: 1_000, detail: 'signatures' }))).toContain('- tool_50');
    expect(written.size).toBeLessThan(5);
    const [first] = candidates;
    const whole = (detail: 'signatures' | 'schemas') =>
      renderAnswer(request(0, { candidates: first ? [first] : [], tokensMax: 1_000, detail }));
    expect(whole('signatures')).toContain('- tool_0(path?: string)\n  same tool on: t, u');
    const schema = '{"type":"object","properties":{"path":{"type":"string"}}}';
    expect(whole('schemas')).toContain(`- tool_0\n  schema: ${schema}\n  same tool on: t, u`);
  });

  it('groups by server in the order of their best hits', () => {
    const text = renderAnswer(request(6, { detail: 'names' }));
    expect([...text.matchAll(/^## (\w+)/gm)].map((match) => match[1])).toEqual(['server0', 'server1', 'server2']);
  });
});
