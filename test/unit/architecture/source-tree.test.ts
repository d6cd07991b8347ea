/** The rules are only as good as the reading of the files, so the reader is tested by itself. */
import { expect, it } from 'vitest';
import { packageOf, parseSource } from './source-tree.ts';

const parse = (text: string) => parseSource('src/bridge/session.ts', text);

it('finds every form of import', () => {
  const text = `
import { a, type B, c as d } from '../catalog/x.ts';
import type { Z } from '../config/config.ts';
import * as whole from "yaml";
import './side-effect.ts';
import {
  many,
  lines,
} from 'execa';
export { q } from '../policy/q.ts';
const lazy = await import('chromadb');
type T = import('../http/y.ts').T;
const old = require('node:os');
`;
  const { imports } = parse(text);
  expect(imports.map(({ specifier }) => specifier).sort()).toEqual(
    [
      '../catalog/x.ts',
      '../config/config.ts',
      '../http/y.ts',
      '../policy/q.ts',
      './side-effect.ts',
      'chromadb',
      'execa',
      'node:os',
      'yaml',
    ].sort(),
  );
  expect(imports.find(({ path }) => path === 'src/catalog/x.ts')?.values).toEqual(['a', 'd']);
  expect(imports.find(({ path }) => path === 'src/config/config.ts')?.values).toEqual([]);
  expect(imports.find(({ specifier }) => specifier === 'yaml')?.values).toEqual(['whole']);
});

it('sees no import in comments and no comment in strings', () => {
  const { imports, code } = parse(`// import 'a';\n/* import 'b'; */\nconst url = 'http://c/*';\nimport 'd'; // x\n`);
  expect(imports.map(({ specifier }) => specifier)).toEqual(['d']);
  expect(code).toContain("'http://c/*'");
});

it('knows modules and packages', () => {
  expect(parse('').module).toBe('bridge');
  expect(parseSource('src/errors.ts', '').module).toBe('errors');
  expect(parseSource('index/store/x.ts', '').module).toBe('index');
  expect(['@a/b/c', 'd/e', './f', 'node:fs'].map(packageOf)).toEqual(['@a/b', 'd', undefined, undefined]);
});
