import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../../src/meta-tools/tokens.ts';

const TEXTS = {
  prose:
    'Read the complete contents of a file from the file system as text. Handles various text encodings and fails clearly.',
  schema: JSON.stringify({
    type: 'object',
    properties: {
      path: { type: 'string', description: 'Where the file is, absolute or relative to the workspace' },
      maxResults: { type: 'integer', minimum: 1, maximum: 1000, default: 25 },
      sort_order: { enum: ['ascending', 'descending'] },
    },
    required: ['path'],
    additionalProperties: false,
  }),
  signature:
    'search_repositories(query: string, perPage?: integer = 30, sort?: "stars"|"forks"|"updated", order?: "asc"|"desc")',
  portuguese: 'Lê um ficheiro de texto e devolve o seu conteúdo; a codificação é detetada automaticamente.',
  chinese: '读取文件的完整内容，并以文本形式返回。支持多种编码，出错时给出清楚的说明。',
  code: 'const x = await client.callTool({ name: "use_tool", arguments: { mcp_tool_name: "read" } });',
};

describe('token estimate', () => {
  it.each(Object.entries(TEXTS))('is not below and not far above the real count: %s', (_, text) => {
    const real = countTokens(text);
    const estimate = estimateTokens(text);
    expect(estimate).toBeGreaterThanOrEqual(real * 0.97);
    expect(estimate).toBeLessThanOrEqual(real * 1.8);
  });
});

it('is the same for texts of plain ASCII, which are not cut into pieces, as for others', () => {
  const character = fc.constantFrom(...' \t\n\r aAbBzZ09_-.,:{}"'.split(''));
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 60 }), (text) => {
      // Another alphabet at the end is one token more, and has all of it cut.
      expect(estimateTokens(`${text}.中`)).toBe(estimateTokens(`${text}.`) + 1);
    }),
    { numRuns: 2_000 },
  );
});
