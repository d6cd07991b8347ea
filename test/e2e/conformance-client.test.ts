/** The official conformance suite's scenarios for clients, played by the gateway in front of the suite's servers. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConformanceDesk, openDesk } from '../helpers/conformance-desk.ts';
import { type ConformanceSuite, conformanceSuite, REVISIONS, suiteUnavailable } from '../helpers/conformance-suite.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

/** Scenarios that each set of requirements scores. */
const SCORED = { '2025-11-25': 18, '2026-07-28': 32 } as const;
/** Not scored: that schemas pass with all of their keywords. */
const BEYOND = ['json-schema-2020-12-preservation'];
/** All scenarios start at once and wait for their turn. */
const SCENARIO_MS = 280_000;

const unavailable = await suiteUnavailable();
const place = makeTempDir('conformance-client');
let suite: ConformanceSuite;
let desk: ConformanceDesk;

describe.skipIf(unavailable !== undefined)('the official conformance suite, for clients', () => {
  beforeAll(async () => {
    suite = await conformanceSuite();
    desk = await openDesk(place.path);
  }, 180_000);

  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]();
    place.remove();
  });

  for (const revision of REVISIONS)
    it(`passes for the gateway as a client of ${revision}`, { timeout: 300_000 }, async () => {
      const required = suite.required(revision, 'client');
      expect(required).toHaveLength(SCORED[revision]);
      const { outcomes, output } = await suite.run(
        ['client', '--command', desk.command, '--requirements', revision, '--verbose'].concat([
          '--timeout',
          String(SCENARIO_MS),
          '-o',
          join(place.path, `results-${revision}`),
        ]),
      );
      const wanted = [...required, ...BEYOND];
      const failed = wanted.filter((name) => outcomes.get(name) !== true);
      process.stderr.write(`conformance: client, ${revision}: ${wanted.length - failed.length}/${wanted.length}\n`);
      expect(failed, output).toEqual([]);
    });
});
