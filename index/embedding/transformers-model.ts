/** What to load and how to use it: options first, then what the model's folder says of itself, then what is known of its family. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { isObject } from '../../src/stdx/json.ts';
import { IndexError } from '../index-error.ts';
import { conventionsOf, type Pooling, type Prefixes } from './known-models.ts';

export interface ModelOptions {
  /** Id on the hub (`Xenova/all-MiniLM-L6-v2`), or a folder: an absolute path, or one that begins with `./` or `../`. */
  readonly model: string;
  /** Branch, tag or commit on the hub; `main`. */
  readonly revision?: string | undefined;
  /** As the library names them: fp32, fp16, q8, int8, uint8, q4, q4f16, bnb4. q8 where there is a choice. */
  readonly dtype?: string | undefined;
  readonly pooling?: Pooling | undefined;
  readonly prefixes?: Prefixes | undefined;
  /** Longest text in tokens, within what the model takes; 256. */
  readonly maxTokens?: number | undefined;
}

export interface ChosenModel {
  /** Absolute folder, or id on the hub. */
  readonly model: string;
  readonly isFolder: boolean;
  /** For people: the id, or the folder's own name. */
  readonly name: string;
  readonly revision: string;
  readonly dtype: string;
  readonly pooling: Pooling;
  readonly prefixes: Prefixes;
  readonly maxTokens: number;
}

/** What the library appends to `model` for each type. */
const FILE_SUFFIXES: Readonly<Record<string, string>> = {
  q8: '_quantized',
  fp32: '',
  fp16: '_fp16',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
};
const MAX_TOKENS = 256;
const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/** Throws `missing` or `invalid-option` for what cannot be loaded. */
export function chooseModel(options: ModelOptions): ChosenModel {
  const isFolder = isAbsolute(options.model) || /^\.{1,2}([\\/]|$)/.test(options.model);
  return isFolder ? chooseFolder(options, resolve(options.model)) : chooseFromHub(options);
}

function chooseFromHub(options: ModelOptions): ChosenModel {
  if (!HUB_ID.test(options.model) || /(^|\/)\.\./.test(options.revision ?? '')) {
    throw new IndexError('invalid-option', `"${options.model}" is neither a folder nor the id of a model on the hub`, {
      hint: 'Write owner/name, or a path that begins with / or ./',
    });
  }
  const { pooling, prefixes } = conventionsOf(options.model);
  const { revision = 'main', dtype = 'q8', maxTokens = MAX_TOKENS } = options;
  checkDtype(dtype);
  return {
    model: options.model,
    isFolder: false,
    name: revision === 'main' ? options.model : `${options.model}@${revision}`,
    revision,
    dtype,
    pooling: options.pooling ?? pooling,
    prefixes: options.prefixes ?? prefixes,
    maxTokens,
  };
}

function chooseFolder(options: ModelOptions, folder: string): ChosenModel {
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    if (existsSync(join(folder, file))) continue;
    throw new IndexError('missing', `The model folder ${folder} has no ${file}`, {
      hint: 'Give a folder in the layout of transformers.js: config.json, tokenizer.json, tokenizer_config.json, onnx/model*.onnx.',
    });
  }
  const known = conventionsOf(basename(folder));
  return {
    model: folder,
    isFolder: true,
    name: basename(folder),
    revision: 'main',
    dtype: dtypeIn(folder, options.dtype),
    pooling: options.pooling ?? poolingIn(folder) ?? known.pooling,
    prefixes: options.prefixes ?? promptsIn(folder) ?? known.prefixes,
    maxTokens: options.maxTokens ?? MAX_TOKENS,
  };
}

function dtypeIn(folder: string, wanted: string | undefined): string {
  if (wanted) checkDtype(wanted);
  const onnx = join(folder, 'onnx');
  const files = existsSync(onnx) ? readdirSync(onnx) : [];
  const present = Object.keys(FILE_SUFFIXES).filter((dtype) => files.includes(`model${FILE_SUFFIXES[dtype]}.onnx`));
  const dtype = wanted ? present.find((each) => each === wanted) : present[0];
  if (dtype) return dtype;
  const file = `onnx/model${FILE_SUFFIXES[wanted ?? 'q8']}.onnx`;
  throw new IndexError('missing', `The model folder ${folder} has no ${file}`, {
    hint: present.length > 0 ? `Set dtype to one of: ${present.join(', ')}.` : 'Export the model to ONNX first.',
  });
}

function checkDtype(dtype: string): void {
  if (dtype in FILE_SUFFIXES) return;
  throw new IndexError('invalid-option', `"${dtype}" is no dtype`, {
    hint: `Use one of: ${Object.keys(FILE_SUFFIXES).join(', ')}.`,
  });
}

/** sentence-transformers writes it beside the weights. */
function poolingIn(folder: string): Pooling | undefined {
  const config = jsonIn(folder, '1_Pooling/config.json');
  if (config.pooling_mode_mean_tokens === true) return 'mean';
  if (config.pooling_mode_cls_token === true) return 'cls';
  return config.pooling_mode_lasttoken === true ? 'last_token' : undefined;
}

function promptsIn(folder: string): Prefixes | undefined {
  const { prompts } = jsonIn(folder, 'config_sentence_transformers.json');
  if (!isObject(prompts) || typeof prompts.query !== 'string') return undefined;
  const document = prompts.document ?? prompts.passage;
  return { task: prompts.query, document: typeof document === 'string' ? document : '' };
}

/** Optional files: absent or broken, they say nothing. */
function jsonIn(folder: string, file: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}
