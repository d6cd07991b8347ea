/** Schema, documentation, default configuration and examples say the same as the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderDocs, renderSchema } from '../../../scripts/config-docs.ts';
import { checkConfig } from '../../../src/config/check-config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

const env = { HOME: '/home/u', PATH: process.env.PATH };
const remedy = 'run: node scripts/generate-config-docs.mjs';

test('config/schema.json is generated from the code of today', () => {
  expect(readFileSync('config/schema.json', 'utf8') === renderSchema(), remedy).toBe(true);
});

test('docs/CONFIGURATION.md is generated from the code of today', () => {
  expect(readFileSync('docs/CONFIGURATION.md', 'utf8') === renderDocs(), remedy).toBe(true);
});

test('every key is described', () => {
  const undescribed: string[] = [];
  const walk = (schema: Record<string, unknown>, path: string) => {
    for (const [key, value] of Object.entries(schema)) {
      if (typeof value !== 'object' || value === null) continue;
      if (path.endsWith('/properties') && !('description' in value)) undescribed.push(`${path}/${key}`);
      walk(value as Record<string, unknown>, `${path}/${key}`);
    }
  };
  walk(JSON.parse(renderSchema()), '');
  expect(undescribed).toEqual([]);
});

describe('the default configuration', () => {
  test('has at least six servers from npm, each with its exact version, and no doubts', async () => {
    const plan = await checkConfig({ file: 'config/tooldex.yaml', env });
    expect(plan.warnings).toEqual([]);
    expect(plan.servers.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['filesystem', 'memory', 'everything', 'sequential-thinking']),
    );
    expect(plan.servers.length).toBeGreaterThanOrEqual(6);
    for (const { runs } of plan.servers) expect(runs).toMatch(/^npx -y (@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+( |$)/);
  });

  test('says what the product would do anyway, so that reading it teaches the defaults', async () => {
    const { servers, listen, search } = await loadConfig({ file: 'config/tooldex.yaml', env });
    expect({ listen, search }).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      search: {
        limit: 5,
        tokensMax: 1000,
        embedder: { kind: 'builtin', encoderMaxTools: 8000 },
        store: { kind: 'embedded' },
      },
    });
    const { defaults, ...rest } = parse(readFileSync('config/tooldex.yaml', 'utf8'));
    const { resolveDocument } = await import('../../../src/config/resolve.ts');
    const without = resolveDocument(rest, { file: join(process.cwd(), 'config/tooldex.yaml'), env });
    expect(defaults).toBeDefined();
    expect('config' in without && [...without.config.servers.values()]).toEqual([...servers.values()]);
  });

  test('its commented examples are right: with their "#" taken away they load', async () => {
    const text = readFileSync('config/tooldex.yaml', 'utf8');
    const [, examples = ''] = text.split('# ---- Examples');
    const servers = parse(
      `servers:\n${examples
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/^ {2}# ?/, '  '))
        .filter((line) => !/^ {2}[A-Z]/.test(line))
        .join('\n')}`,
    );
    const { resolveDocument } = await import('../../../src/config/resolve.ts');
    const { validate } = await import('../../../src/config/validate.ts');
    const validated = validate(servers, 'yaml');
    if ('problems' in validated) throw new Error(JSON.stringify(validated.problems));
    const resolved = resolveDocument(validated.document, { file: '/c/t.yaml', env });
    expect('config' in resolved && [...resolved.config.servers.values()].map(({ runtime }) => runtime)).toEqual([
      'native',
      'container',
      'remote',
    ]);
  });
});

describe('every file that comes with the product', () => {
  const files = ['config/tooldex.yaml', ...readdirSync('config/examples').map((name) => `config/examples/${name}`)];
  test.each(files)('%s loads', async (file) => {
    expect((await loadConfig({ file, env })).servers.size).toBeGreaterThan(0);
  });
  test.each(files.filter((file) => file.endsWith('.yaml')))('%s is what config/schema.json describes', (file) => {
    const isValid = new Ajv({ strict: false }).compile(JSON.parse(renderSchema()));
    expect(isValid(parse(readFileSync(file, 'utf8'))), JSON.stringify(isValid.errors)).toBe(true);
  });
});

test('config/schema.json refuses what the code refuses', () => {
  const isValid = new Ajv({ strict: false }).compile(JSON.parse(renderSchema()));
  expect(isValid({ servers: { a: { command: 'x', idle_timeout: '5s' } } })).toBe(true);
  for (const wrong of [
    { servres: {} },
    { servers: { a: { comand: 'x' } } },
    { servers: { 'a:b': { command: 'x' } } },
    { servers: { a: { command: 'x', idle_timeout: '5' } } },
    { servers: { a: { image: 'x', memory: '5m' } } },
    { listen: { port: '80' } },
  ]) {
    expect(isValid(wrong), JSON.stringify(wrong)).toBe(false);
  }
});
