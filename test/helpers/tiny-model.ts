/**
 * A model small enough to be made by a test and simple enough to be checked by hand: each token's vector is its row of a
 * table. Written as ONNX, with a WordPiece tokenizer, in the folder layout of transformers.js.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TINY_WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'read', 'write', 'file', 'mail', 'send', 'query', ':', '##s'];
const TINY_DIMENSIONS = 4;

export interface TinyModelOptions {
  /** File names below `onnx/`, each with its own weights: `scale` multiplies the table. */
  readonly weights?: Readonly<Record<string, { scale?: number; nan?: boolean }>>;
  /** Further files, as JSON. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The row of a word: some numbers that no other word has. */
export const tinyRow = (word: string): number[] =>
  Array.from({ length: TINY_DIMENSIONS }, (_, i) => Math.sin((TINY_WORDS.indexOf(word) + 1) * (i + 1.7)));

/** What mean pooling must give for these words between the marks of begin and end. */
export function tinyMean(...words: string[]): number[] {
  const rows = ['[CLS]', ...words, '[SEP]'].map(tinyRow);
  const sum = rows.reduce((total, row) => total.map((value, i) => value + (row[i] ?? 0)));
  return tinyUnit(sum);
}

export const tinyUnit = (values: number[]): number[] => values.map((value) => value / Math.hypot(...values));

export function writeTinyModel(folder: string, options: TinyModelOptions = {}): string {
  const { weights = { 'model_quantized.onnx': {} }, extra = {} } = options;
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const [file, { scale = 1, nan = false }] of Object.entries(weights)) {
    const table = TINY_WORDS.flatMap((word) =>
      tinyRow(word).map((value) => (nan && word === 'mail' ? Number.NaN : value * scale)),
    );
    writeFileSync(join(folder, 'onnx', file), gatherModel(table));
  }
  const files: Record<string, unknown> = {
    'config.json': CONFIG,
    'tokenizer.json': TOKENIZER,
    'tokenizer_config.json': TOKENIZER_CONFIG,
    ...extra,
  };
  for (const [file, json] of Object.entries(files)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify(json));
  }
  return folder;
}

const CONFIG = {
  model_type: 'bert',
  architectures: ['BertModel'],
  hidden_size: TINY_DIMENSIONS,
  vocab_size: TINY_WORDS.length,
};
const TOKENIZER_CONFIG = {
  tokenizer_class: 'BertTokenizer',
  model_max_length: 32,
  do_lower_case: true,
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  unk_token: '[UNK]',
};
const special = (content: string) => {
  return {
    id: TINY_WORDS.indexOf(content),
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  };
};
const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map(special),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(TINY_WORDS.map((word, id) => [word, id])),
  },
};

// What follows is just enough of protocol buffers and of onnx.proto to write one graph of one Gather node.

const FLOAT = 1;
const INT64 = 7;

function gatherModel(table: readonly number[]): Buffer {
  const tensor = bytes(
    [1, TINY_WORDS.length],
    [1, TINY_DIMENSIONS],
    [2, FLOAT],
    [8, 'table'],
    [9, Buffer.from(Float32Array.from(table).buffer)],
  );
  const node = bytes([1, 'table'], [1, 'input_ids'], [2, 'last_hidden_state'], [4, 'Gather']);
  const graph = bytes(
    [1, node],
    [2, 'tiny'],
    [5, tensor],
    ...['input_ids', 'attention_mask'].map((name): Field => [11, value(name, INT64, ['batch', 'length'])]),
    [12, value('last_hidden_state', FLOAT, ['batch', 'length', TINY_DIMENSIONS])],
  );
  return bytes([1, 8], [7, graph], [8, bytes([1, ''], [2, 13])]);
}

function value(name: string, type: number, dimensions: readonly (string | number)[]): Buffer {
  const shape = bytes(...dimensions.map((size): Field => [1, bytes(typeof size === 'number' ? [1, size] : [2, size])]));
  return bytes([1, name], [2, bytes([1, bytes([1, type], [2, shape])])]);
}

type Field = readonly [number: number, value: number | string | Buffer];

function bytes(...fields: Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([field, content]) => {
      if (typeof content === 'number') return [varint(field << 3), varint(content)];
      const body = Buffer.from(content);
      return [varint((field << 3) | 2), varint(body.length), body];
    }),
  );
}

function varint(number: number): Buffer {
  const parts: number[] = [];
  for (let rest = number; ; rest >>>= 7) {
    parts.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return Buffer.from(parts);
  }
}
