/** docs/ARCHITECTURE.md says who may know whom; here it holds. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrows, constructing, longFiles, packageOwners, statefulFiles } from './rules.ts';
import { packageOf, ROOT, type SourceFile, sourceFiles } from './source-tree.ts';

const LINES_MAX = 300;
const VAGUE = /(^|-)(manager|helper|util|service|backend|registry)s?(-|\.|$)/;

const files = sourceFiles();
const allowed = arrows();
const owners = packageOwners();
/** What breaks a rule, as `file: what`; the rule holds when there is none. */
const broken = (check: (file: SourceFile) => readonly string[]) =>
  files.flatMap((file) => check(file).map((what) => `${file.path}: ${what}`));
const isIn = (path: string, places: readonly string[]) =>
  places.some((place) => path === place || path.startsWith(`${place.replace(/\/$/, '')}/`));

describe('arrows', () => {
  it('name every module, and no other', () => {
    expect([...new Set(files.map(({ module }) => module))].filter((module) => !allowed.has(module))).toEqual([]);
    const isThere = (module: string) => ['', '.ts'].some((end) => existsSync(join(ROOT, 'src', module + end)));
    expect([...allowed.keys()].filter((module) => module !== 'index' && !isThere(module))).toEqual([]);
  });

  it('have no cycle', () => {
    const settled = new Set<string>();
    for (let before = -1; before < settled.size; ) {
      before = settled.size;
      for (const [module, targets] of allowed)
        if ([...targets].every((each) => settled.has(each) || !allowed.has(each))) settled.add(module);
    }
    expect([...allowed.keys()].filter((module) => !settled.has(module))).toEqual([]);
  });

  it('are the only ways from module to module, for types too', () => {
    const strays = broken(({ module, imports }) =>
      imports.flatMap(({ path }) => {
        if (path === undefined) return [];
        const target = /^(src|index)\//.test(path) ? path.split('/')[path.startsWith('src/') ? 1 : 0] : path;
        const name = target?.replace(/\.ts$/, '') ?? path;
        return name === module || allowed.get(module)?.has(name) ? [] : [`imports ${path}`];
      }),
    );
    expect(strays).toEqual([]);
  });
});

describe('outside packages', () => {
  it('are imported by their owners only', () => {
    const strays = broken(({ path, imports }) =>
      imports.flatMap(({ specifier }) => {
        const name = packageOf(specifier) ?? specifier;
        const isBuiltin = specifier.startsWith('node:');
        if (specifier.startsWith('.') || (isBuiltin && !owners.has(name))) return [];
        return isIn(path, owners.get(name) ?? []) ? [] : [`imports ${specifier}`];
      }),
    );
    expect(strays).toEqual([]);
  });

  it('have an owner that exists and still uses them', () => {
    const used = new Set(
      files.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier) ?? specifier)),
    );
    expect([...owners.keys()].filter((name) => !used.has(name))).toEqual([]);
    expect([...owners.values()].flat().filter((place) => !existsSync(join(ROOT, place)))).toEqual([]);
  });

  it('are named in package.json', () => {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    const listed = { ...dependencies, ...devDependencies, ...peerDependencies };
    expect([...owners.keys()].filter((name) => !name.startsWith('node:') && !(name in listed))).toEqual([]);
  });
});

describe('invariants', () => {
  it('the environment is read in main and config only', () => {
    const isAllowed = ({ module }: SourceFile) => module === 'main' || module === 'config';
    expect(
      broken((file) => (!isAllowed(file) && /\bprocess\.env\b/.test(file.code) ? ['reads process.env'] : [])),
    ).toEqual([]);
  });

  it('only gateway.ts constructs what belongs to another module', () => {
    const makers = /^(create|make|open|build|connect)[A-Z]/;
    const free = new Set(['stdx', 'errors', 'gateway']);
    const exceptions = constructing();
    const strays = broken(({ path: file, module, imports, code }) => {
      if (module === 'gateway') return [];
      return imports.flatMap(({ path, values }) => {
        const owner = path?.startsWith('index/') ? 'index' : path?.split('/')[1]?.replace(/\.ts$/, '');
        if (owner === undefined || owner === module || free.has(owner)) return [];
        const constructs = (name: string) =>
          new RegExp(`\\bnew ${name}\\b`).test(code) || (makers.test(name) && code.includes(`${name}(`));
        const excused = exceptions.get(file) ?? [];
        return values
          .filter((name) => constructs(name) && !excused.includes(name))
          .map((name) => `constructs ${name} of ${owner}`);
      });
    });
    expect(strays).toEqual([]);
  });

  it('only discovery writes catalog and index', () => {
    const writes = /\b(?:catalog\??\.(?:replace|recordFailure|forget)|index\??\.(?:upsert|remove))\(/g;
    const isWriter = ({ module }: SourceFile) => ['discovery', 'catalog', 'index'].includes(module);
    expect(broken((file) => (isWriter(file) ? [] : (file.code.match(writes) ?? [])))).toEqual([]);
    expect(files.some((file) => file.module === 'discovery' && writes.test(file.code))).toBe(true);
  });

  it('no module keeps state', () => {
    const state =
      /^(?:export )?(?:(?:let|var) .*|const \w+(?:: [^=]+)? = (?:new (?:Map|Set|WeakMap|WeakSet)(?:<.*>)?\(\)|\[\]).*)$/gm;
    const listed = statefulFiles();
    expect(
      broken(({ path, code }) => (listed.has(path) || path.endsWith('.cjs') ? [] : (code.match(state) ?? []))),
    ).toEqual([]);
    expect([...listed].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('imports say where a thing is: no default exports, no barrels', () => {
    expect(
      broken(({ code }) => code.match(/^export (?:default|\*|\{[^}]*\} from|type \{[^}]*\} from).*/gm) ?? []),
    ).toEqual([]);
  });
});

describe('files', () => {
  it('say first why they exist', () => {
    const opens = (file: SourceFile) => /^(?:(?:#!.*|\/\/ @ts-check|'use strict';)\n)*\/\*\*\s*\S/.test(file.text);
    expect(broken((file) => (opens(file) ? [] : ['does not open with a doc sentence']))).toEqual([]);
  });

  it('have names that say something, in kebab-case', () => {
    const name = (path: string) => path.split('/').at(-1) ?? path;
    const isGood = (path: string) =>
      /^[a-z0-9]+(-[a-z0-9]+)*\.(d\.ts|ts|cjs|mjs)$/.test(name(path)) && !VAGUE.test(name(path));
    expect(files.map(({ path }) => path).filter((path) => !isGood(path))).toEqual([]);
  });

  it(`have at most ${LINES_MAX} lines, unless the page gives a reason`, () => {
    const lines = ({ text }: SourceFile) => text.trimEnd().split('\n').length;
    const long = files.filter((file) => lines(file) > LINES_MAX).map(({ path }) => path);
    const listed = longFiles();
    expect(long.filter((path) => !listed.has(path))).toEqual([]);
    expect([...listed].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
