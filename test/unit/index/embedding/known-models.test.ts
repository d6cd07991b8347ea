import { describe, expect, it } from 'vitest';
import { conventionsOf } from '../../../../index/embedding/known-models.ts';

describe('conventions of known models', () => {
  it.each([
    ['Xenova/all-MiniLM-L6-v2', 'mean', ''],
    ['minilm-tools', 'mean', ''],
    ['BAAI/bge-small-en-v1.5', 'cls', 'Represent this sentence'],
    ['Xenova/bge-m3', 'cls', ''],
    ['intfloat/e5-base-v2', 'mean', 'query: '],
    ['Xenova/multilingual-e5-small', 'mean', 'query: '],
    ['intfloat/multilingual-e5-large-instruct', 'mean', 'Instruct: '],
    ['Supabase/gte-small', 'mean', ''],
    ['Alibaba-NLP/gte-base-en-v1.5', 'cls', ''],
    ['nomic-embed-text', 'mean', 'search_query: '],
    ['nomic-ai/nomic-embed-text-v1.5', 'mean', 'search_query: '],
    ['Snowflake/snowflake-arctic-embed-m-v2.0', 'cls', 'query: '],
    ['Snowflake/snowflake-arctic-embed-xs', 'cls', 'Represent this sentence'],
    ['onnx-community/Qwen3-Embedding-0.6B-ONNX', 'last_token', 'Instruct: '],
    ['text-embedding-3-small', 'mean', ''],
    ['something-new', 'mean', ''],
  ])('%s: %s, "%s"', (model, pooling, task) => {
    const conventions = conventionsOf(model);
    expect(conventions.pooling).toBe(pooling);
    if (task === '') expect(conventions.prefixes.task).toBe('');
    else expect(conventions.prefixes.task.startsWith(task)).toBe(true);
  });
});
