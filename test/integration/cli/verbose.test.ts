/** How much the command line tells of what goes on: `--verbose` once, and twice. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { runCli } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function calling(fixture = 'talks-on-stderr', tool = 'echo', params: JsonObject = { text: 'hello' }): string[] {
  const folder = tempDir('verbose');
  const config = join(folder, 'tooldex.yaml');
  writeFileSync(config, JSON.stringify({ servers: { talker: fixtureServer(fixture) } }));
  const where = ['--config', config, '--data-dir', join(folder, 'data')];
  return ['call', `talker:${tool}`, JSON.stringify(params), ...where];
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

it('what a server says in an error does nothing to the terminal, neither in the log nor at the end', async () => {
  const error = { code: 1, message: 'no\u001b[2J\u001b]0;mine\u0007\r\u202eway' };
  const line = JSON.stringify({ jsonrpc: '2.0', id: 'ID', error }).replace('"ID"', 'ID');
  const { stderr } = await runCli([...calling('says-anything', 'say', { lines: [line] }), '--verbose']);
  expect(stderr).toContain('no\\u{1B}[2J\\u{1B}]0;mine\\u{7}\\u{D}\\u{202E}way');
  expect(stderr.match(/[^\P{C}\n]/u)).toBeNull();
});
