/** The official conformance suite against `/mcp/<server>`, in all four combinations of eras of client and server, and against `/mcp`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, runCli, serveGateway } from '../helpers/cli.ts';
import { type ConformanceSuite, conformanceSuite, REVISIONS, suiteUnavailable } from '../helpers/conformance-suite.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

/** Scenarios that each set of requirements scores. */
const SCORED = { '2025-11-25': 30, '2026-07-28': 37 } as const;
/** Not scored, for the suite's own reference server fails them. */
const BEYOND = {
  '2025-11-25': ['server-session-lifecycle', 'json-schema-2020-12'],
  '2026-07-28': ['json-schema-2020-12', 'http-header-validation', 'http-custom-header-server-validation'],
} as const;
/** What asks for nothing but the three tools; all others call tools, read resources or get prompts of the suite's own. */
const WITHOUT_FIXTURE = {
  '2025-11-25': [
    ...['server-initialize', 'ping', 'tools-list', 'server-sse-multiple-streams'],
    ...['dns-rebinding-protection', 'server-session-lifecycle'],
  ],
  '2026-07-28': [
    ...['tools-list', 'server-sse-multiple-streams', 'dns-rebinding-protection', 'sep-2164-resource-not-found'],
    ...['input-required-result-unsupported-methods', 'http-header-validation'],
  ],
} as const;

const unavailable = await suiteUnavailable();
const place = makeTempDir('conformance');
let gateway: RunningGateway;
let suite: ConformanceSuite;

/** The scenarios that did not pass, of those that have to. */
async function failing(url: string, revision: keyof typeof SCORED, wanted: readonly string[]): Promise<string[]> {
  const out = join(place.path, `results-${revision}`);
  const { outcomes } = await suite.run(['server', '--url', url, '--requirements', revision, '-o', out]);
  const failed = wanted.filter((name) => outcomes.get(name) !== true);
  process.stderr.write(
    `conformance: ${new URL(url).pathname}, ${revision}: ${wanted.length - failed.length}/${wanted.length}\n`,
  );
  return failed;
}

describe.skipIf(unavailable !== undefined)('the official conformance suite', () => {
  beforeAll(async () => {
    suite = await conformanceSuite();
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
    for (const revision of REVISIONS)
      it(`passes for a ${server} server behind clients of ${revision}`, { timeout: 120_000 }, async () => {
        const required = suite.required(revision, 'server');
        expect(required).toHaveLength(SCORED[revision]);
        expect(await failing(`${gateway.url}/${server}`, revision, [...required, ...BEYOND[revision]])).toEqual([]);
      });

  for (const revision of REVISIONS)
    it(`passes for the three tools themselves, as far as they go, behind clients of ${revision}`, async () => {
      expect(await failing(String(gateway.url), revision, WITHOUT_FIXTURE[revision])).toEqual([]);
    });
});
