/** Catalogs of files and registries: paged, remembered, and not lost when one of them is broken. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createServerCatalog } from '../../../src/catalog/server-catalog.ts';
import type { CatalogConfig } from '../../../src/config/catalog-config.ts';
import { listen } from '../../helpers/listen.ts';
import { serverRegistry } from '../../helpers/server-registry.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const server = (name: string, more: object = {}) => ({ name, version: '1.0.0', description: `about ${name}`, ...more });
const OFFICIAL = 'io.modelcontextprotocol.registry/official';

function open(config: Partial<CatalogConfig>, folder = join(tempDir(), 'catalogs')) {
  const warnings: string[] = [];
  const clock = { ms: 1_000_000 };
  const whole = { sources: [], names: undefined, refreshMs: 60_000, network: 'none', inputs: {}, ...config };
  const catalog = createServerCatalog({
    config: () => whole,
    folder,
    warn: (message) => warnings.push(message),
    now: () => clock.ms,
  });
  const names = async () => (await catalog.all()).map(({ name, version }) => `${name} ${version}`);
  return { catalog, names, warnings, clock, folder };
}

const url = (at: string) => ({ kind: 'url' as const, at, headers: {} });

it('reads all pages of a registry, the latest of each server, without what was deleted', async () => {
  const registry = await serverRegistry([
    server('a.b/one'),
    { server: server('a.b/two', { version: '2.0.0' }), _meta: { [OFFICIAL]: { status: 'active', isLatest: true } } },
    { server: server('a.b/two'), _meta: { [OFFICIAL]: { status: 'active', isLatest: false } } },
    { server: server('a.b/gone'), _meta: { [OFFICIAL]: { status: 'deleted', isLatest: true } } },
    server('a.b/three'),
  ]);
  const { names, catalog } = open({ sources: [url(registry.url)] });
  expect(await names()).toEqual(['a.b/one 1.0.0', 'a.b/two 2.0.0', 'a.b/three 1.0.0']);
  expect(registry.requests).toHaveLength(3);
  expect(registry.requests[1]).toContain('cursor=2');
  expect(await catalog.find('TWO')).toMatchObject({ name: 'a.b/two', shortName: 'two', isLocal: false });
  expect(await catalog.find('four')).toBeUndefined();
});

it('asks a registry once in a while, again after a start only when that is over, and keeps what it has while it is down', async () => {
  const registry = await serverRegistry([server('a.b/one')]);
  const sources = [url(registry.url)];
  const first = open({ sources });
  expect(await Promise.all([first.names(), first.names()])).toEqual([['a.b/one 1.0.0'], ['a.b/one 1.0.0']]);
  await first.names();
  expect(registry.requests).toHaveLength(1);

  const next = open({ sources }, first.folder);
  expect(await next.names()).toEqual(['a.b/one 1.0.0']);
  expect(registry.requests).toHaveLength(1);
  registry.setDown(true);
  next.clock.ms += 61_000;
  expect(await next.names()).toEqual(['a.b/one 1.0.0']);
  expect(next.warnings).toEqual([expect.stringContaining('it answers 503')]);
  await next.names();
  expect(registry.requests).toHaveLength(2);
  const down = open({ sources }, first.folder);
  down.clock.ms += 61_000;
  expect(await down.names()).toEqual(['a.b/one 1.0.0']);

  registry.setDown(false);
  next.clock.ms += 61_000;
  await next.names();
  expect(registry.requests).toHaveLength(4);
});

it('reads no page without an end, and says so', async () => {
  const chunk = Buffer.alloc(1_000_000, ' ');
  const { origin } = await listen((_, response) => {
    const more = () => {
      while (response.write(chunk));
    };
    response.on('drain', more);
    more();
  });
  const { names, warnings } = open({ sources: [url(`${origin}/v0.1/servers`)] });
  expect(await names()).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining('longer than')]);
});

it('reads a file, a folder and a list, of the same name the first, and only what may be there', async () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'servers'));
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  write('one.json', server('a.b/one', { version: '9.0.0' }));
  write('servers/one.json', server('a.b/one'));
  write('servers/two.json', { server: server('a.b/two') });
  writeFileSync(join(folder, 'servers', 'broken.json'), '{"name":');
  write('list.json', {
    servers: [{ server: server('c.d/three') }, { server: server('x.y/hidden') }, { nothing: true }],
  });
  const sources = ['one.json', 'servers', 'list.json', 'missing'].map((name) => ({
    kind: 'path' as const,
    at: join(folder, name),
  }));
  const { names, warnings, catalog, clock } = open({ sources, names: ['a.b/*', 'c.d/*'] });
  expect(await names()).toEqual(['a.b/one 9.0.0', 'a.b/two 1.0.0', 'c.d/three 1.0.0']);
  expect(warnings.join('\n')).toMatch(/broken\.json is left out[\s\S]*/);
  expect(warnings.join('\n')).toContain('missing cannot be read');
  expect(warnings.join('\n')).toContain('a server has no name');
  write('servers/four.json', server('a.b/four'));
  clock.ms += 1_001;
  expect(await names()).toContain('a.b/four 1.0.0');
  expect(await catalog.find('one')).toMatchObject({ isLocal: true, version: '9.0.0' });
});

it('asks which one where several have the same last part', async () => {
  const registry = await serverRegistry([server('a.b/one'), server('c.d/one')]);
  const { catalog } = open({ sources: [url(registry.url)] });
  await expect(catalog.find('one')).rejects.toThrow('2 servers of the catalog are called "one"');
  expect(await catalog.find('c.d/one')).toMatchObject({ name: 'c.d/one' });
});

it('is empty where the file has none', async () => {
  expect(await open({}).names()).toEqual([]);
});
