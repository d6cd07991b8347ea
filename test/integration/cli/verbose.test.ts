/** How much the command line tells of what goes on: `--verbose` once, and twice. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function calling(): string[] {
  const folder = tempDir('verbose');
  const config = join(folder, 'tooldex.yaml');
  writeFileSync(config, JSON.stringify({ servers: { talker: fixtureServer('talks-on-stderr') } }));
  return ['call', 'talker:echo', '{"text":"hello"}', '--config', config, '--data-dir', join(folder, 'data')];
}

const STARTS = /info +talker \w+ -> starting/;
const TALKS = /debug talker \(pid \d+\): was called\n/;

it.each([
  ['nothing', [], false, false],
  ['--verbose', ['--verbose'], true, false],
  ['-vv', ['-vv'], true, true],
  ['--verbose --verbose', ['--verbose', '--verbose'], true, true],
] as const)('%s tells as much as it should, and the answer stands alone', async (...[, flags, starts, talks]) => {
  const { code, stdout, stderr } = await runCli([...calling(), ...flags]);
  expect({ code, stdout, starts: STARTS.test(stderr), talks: TALKS.test(stderr) }).toEqual({
    code: 0,
    stdout: 'hello\n',
    starts,
    talks,
  });
});
