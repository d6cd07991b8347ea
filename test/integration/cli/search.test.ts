import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

describe('tooldex search', () => {
  it('works on an empty data folder, and explains its ranking to people and programs', async () => {
    const config = join(tempDir(), 'tooldex.json');
    writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') } }));
    const explained = await runCli(['search', 'add', 'two', 'numbers', '--config', config, '--explain']);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(/^(match|weak) \(confidence 0\.\d\d\), hybrid\n1\. well:add 0\.\d{3} {2}bm25 /);
    const json = await runCli(['search', 'add two numbers', '--config', config, '--json']);
    const { hits, mode } = JSON.parse(json.stdout);
    expect(mode).toBe('hybrid');
    expect(hits[0]).toMatchObject({ id: 'well:add', server: 'well', features: { bm25: expect.any(Number) } });
  });
});
