import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTransformers } from '../../../../index/embedding/transformers-library.ts';
import { chooseModel } from '../../../../index/embedding/transformers-model.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { writeTinyModel } from '../../../helpers/tiny-model.ts';

const isInstalledHere = existsSync('node_modules/@huggingface/transformers');

describe('choice of a model', () => {
  it('knows the conventions of models on the hub', () => {
    expect(chooseModel({ model: 'Xenova/bge-small-en-v1.5' })).toMatchObject({
      isFolder: false,
      revision: 'main',
      dtype: 'q8',
      pooling: 'cls',
      prefixes: { task: expect.stringContaining('Represent'), document: '' },
      maxTokens: 256,
    });
    expect(
      chooseModel({ model: 'Xenova/e5-small-v2', revision: 'v3', pooling: 'cls', dtype: 'fp32', maxTokens: 64 }),
    ).toMatchObject({
      name: 'Xenova/e5-small-v2@v3',
      dtype: 'fp32',
      pooling: 'cls',
      prefixes: { task: 'query: ', document: 'passage: ' },
      maxTokens: 64,
    });
  });

  it.each(['', 'a/b/c', '../../etc passwd?', 'https://huggingface.co/a/b', 'a/../b', 'a/..'])(
    'takes "%s" for no id',
    (model) => {
      expect(() => chooseModel({ model })).toThrow();
    },
  );

  it('reads a folder, and survives what is broken in it', () => {
    const folder = writeTinyModel(join(tempDir('model'), 'e5-own'));
    expect(chooseModel({ model: folder })).toMatchObject({
      isFolder: true,
      name: 'e5-own',
      prefixes: { task: 'query: ' },
    });
    writeFileSync(join(folder, 'config_sentence_transformers.json'), '{broken');
    expect(chooseModel({ model: folder })).toMatchObject({ pooling: 'mean', prefixes: { task: 'query: ' } });
    rmSync(join(folder, 'tokenizer.json'));
    expect(() => chooseModel({ model: folder })).toThrow(/tokenizer\.json/);
  });

  it('#68 names the weights that are missing', () => {
    const folder = writeTinyModel(tempDir('model'), { weights: { 'model_q4.onnx': {} } });
    expect(chooseModel({ model: folder }).dtype).toBe('q4');
    rmSync(join(folder, 'onnx'), { recursive: true });
    expect(() => chooseModel({ model: folder })).toThrow(/model_quantized\.onnx/);
  });
});

describe('the library', () => {
  it('is looked for in the given folders, first to last', () => {
    const [first, second] = [tempDir('a'), tempDir('b')];
    const build = join(second, 'node_modules/@huggingface/transformers');
    writeTinyModel(build, {
      extra: { 'package.json': { name: '@huggingface/transformers', version: '4.0.0', main: 'index.cjs' } },
    });
    writeFileSync(join(build, 'index.cjs'), '');
    expect(findTransformers([first, second])).toBe(join(build, 'index.cjs'));
  });

  it.skipIf(isInstalledHere)('is missed with the command that installs it', () => {
    const folder = tempDir('nothing');
    const error = caught(() => findTransformers([folder, tempDir('other')]));
    expect(error).toMatchObject({
      fault: 'missing',
      hint: `Run: ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix ${folder} @huggingface/transformers@4`,
    });
  });
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
