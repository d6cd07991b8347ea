/**
 * Counts the tools whose signature does not tell all of their schema, so that answers show a `…` for them.
 * usage: node scripts/run.mjs bench/signatures.ts [--data ../shared/data/retrieval]
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseSchemas } from '../index/evaluation/judged-query.ts';
import { table } from '../index/evaluation/render-eval.ts';
import { signature } from '../src/meta-tools/signature.ts';
import type { JsonObject } from '../src/stdx/json.ts';

const { data } = parseArgs({ options: { data: { type: 'string', default: '../shared/data/retrieval' } } }).values;
const sets = readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const counts = sets.flatMap(({ name }) => {
  const schemas = [...parseSchemas(readFileSync(path.join(data, name, 'corpus.jsonl'), 'utf8'))];
  const lacking = schemas.filter(([id, schema]) => !signature(id, schema as JsonObject).isWhole);
  return schemas.length > 0 ? [{ name, schemas: schemas.length, lacking: lacking.length }] : [];
});
const sum = (of: 'schemas' | 'lacking') => counts.reduce((total, each) => total + each[of], 0);
const rows = [...counts, { name: 'all', schemas: sum('schemas'), lacking: sum('lacking') }];
console.log(
  table(
    ['set', 'schemas', 'not told in full'],
    rows.map(({ name, schemas, lacking }) => [name, String(schemas), String(lacking)]),
  ),
);
