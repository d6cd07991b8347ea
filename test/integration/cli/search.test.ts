import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** No word of any tool: the static model cannot be sure. */
const IN_DOUBT = 'say again what I said';

describe('tooldex search', () => {
  it('works on an empty data folder, and explains its ranking to people and programs', async () => {
    const config = join(tempDir(), 'tooldex.json');
    writeFileSync(config, JSON.stringify({ servers: { well: fixtureServer('well-behaved') } }));
    const explained = await runCli(['search', 'add', 'two', 'numbers', '--config', config, '--explain']);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(
      /^(match|weak) \(confidence 0\.\d\d\), hybrid with the static model\n1\. well:add 0\.\d{3} {2}bm25 /,
    );
    const json = await runCli(['search', 'add two numbers', '--config', config, '--json']);
    const { hits, mode } = JSON.parse(json.stdout);
    expect(mode).toBe('hybrid');
    expect(hits[0]).toMatchObject({ id: 'well:add', server: 'well', features: { bm25: expect.any(Number) } });
  });

  it('answers by the encoder as a gateway would, or says that the static model did', async () => {
    const folder = tempDir();
    const config = join(folder, 'tooldex.json');
    const write = (servers: object, keys: object = {}) =>
      writeFileSync(config, JSON.stringify({ servers, search: { embedder: { kind: 'builtin', ...keys } } }));
    write({ one: fixtureServer('ignores-term') });
    // How long it waits for the encoder is given; a machine that is busy with more may need another try.
    const anew = async () => {
      const asked = ['search', IN_DOUBT, '--config', config, '--data-dir', tempDir(), '--json'];
      const { stdout, stderr } = await runCli(asked);
      return { model: JSON.parse(stdout).model, stderr };
    };
    await expect
      .poll(anew, { timeout: 60_000 })
      .toEqual({ model: 'the built-in encoder', stderr: expect.not.stringContaining('static model') });
    const listed = { well: fixtureServer('well-behaved'), crowd: fixtureServer('two-thousand-tools') };
    write(listed);
    const crowded = await runCli(['search', IN_DOUBT, '--config', config, '--data-dir', folder]);
    expect(crowded.stdout).toContain('search_mode: hybrid');
    expect(crowded.stderr).toMatch(
      /note: the static model answered: the built-in encoder has read 0 of \d+ tools; a running gateway/,
    );
    write(listed, { encoder_max_tools: 2_000 });
    const spared = await runCli(['search', IN_DOUBT, '--config', config, '--data-dir', folder, '--json']);
    expect(JSON.parse(spared.stdout)).toMatchObject({ model: 'the static model', spared: expect.any(String) });
    expect(spared.stderr).toMatch(
      /note: the static model answered: the built-in encoder is spared, because \d+ tools are more than search\.embedder\.encoder_max_tools \(2000\)\n/,
    );
  });
});
