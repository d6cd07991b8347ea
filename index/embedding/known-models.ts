/** What well-known embedding models expect around a text, as their own model cards say; a wrong prefix or pooling costs quality silently. */

/** How token vectors become one vector. */
export type Pooling = 'mean' | 'cls' | 'last_token';

export interface Prefixes {
  /** Put before what somebody wants done. */
  readonly task: string;
  /** Put before what a tool does. */
  readonly document: string;
}

export interface ModelConventions {
  readonly pooling: Pooling;
  readonly prefixes: Prefixes;
}

const NONE: Prefixes = { task: '', document: '' };
const PASSAGES = 'Represent this sentence for searching relevant passages: ';
const INSTRUCTION = 'Instruct: Given a task, find the tool that can do it\nQuery:';

/** First match wins, so the special cases stand before the families. Matched against the lower-cased name without its owner. */
const FAMILIES: readonly (readonly [RegExp, Pooling, Prefixes])[] = [
  [/^bge-m3/, 'cls', NONE],
  [/^bge-.*-zh/, 'cls', { task: '为这个句子生成表示以用于检索相关文章：', document: '' }],
  [/^bge-/, 'cls', { task: PASSAGES, document: '' }],
  [/e5-.*-instruct/, 'mean', { task: `${INSTRUCTION} `, document: '' }],
  [/(^|-)e5-/, 'mean', { task: 'query: ', document: 'passage: ' }],
  [/^gte-(small|base|large)($|-zh)/, 'mean', NONE],
  [/^gte-/, 'cls', NONE],
  [/^nomic-embed-text/, 'mean', { task: 'search_query: ', document: 'search_document: ' }],
  [/arctic-embed2|arctic-embed-.*-v2/, 'cls', { task: 'query: ', document: '' }],
  [/arctic-embed/, 'cls', { task: PASSAGES, document: '' }],
  [/^mxbai-embed-large/, 'cls', { task: PASSAGES, document: '' }],
  [/^qwen3-embedding/, 'last_token', { task: INSTRUCTION, document: '' }],
  [/^embedding-?gemma/, 'mean', { task: 'task: search result | query: ', document: 'title: none | text: ' }],
  [/^granite-embedding/, 'cls', NONE],
];

/** Mean pooling and no prefix for a model nobody here knows, which is right for the sentence-transformers family. */
export function conventionsOf(model: string): ModelConventions {
  const name = model.toLowerCase().split('/').at(-1) ?? '';
  const family = FAMILIES.find(([pattern]) => pattern.test(name));
  return family ? { pooling: family[1], prefixes: family[2] } : { pooling: 'mean', prefixes: NONE };
}
