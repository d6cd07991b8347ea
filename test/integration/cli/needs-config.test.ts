/** A server that lacks something is listed as such, with what and where, whether a gateway runs or not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, serveGateway } from '../../helpers/cli.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const { command, args } = fixtureServer('well-behaved');
const MISSING = [{ name: 'TRACKER_TOKEN', kind: 'environment variable', isSecret: true, description: '' }];
const STATUS = 'needs configuration: set TRACKER_TOKEN in the environment of Tooldex, then enable it';

function configured() {
  const config = join(tempDir(), 'tooldex.json');
  writeFileSync(config, JSON.stringify({ servers: { plain: { command, args } } }));
  const tooldex = (...given: string[]) => runCli([...given, '--config', config]);
  return { config, tooldex };
}

it('from the file: added, listed with what to set, refused in a call, and usable when it is set', async () => {
  const { config, tooldex } = configured();
  const line = [command, ...args].map((word) => `'${word}'`).join(' ');
  const env = 'TRACKER_TOKEN=${env:TRACKER_TOKEN}';
  expect((await tooldex('add', 'tracker', '--command', line, '--env', env)).stderr).toContain('set TRACKER_TOKEN');
  expect((await tooldex('list')).stdout).toMatch(new RegExp(`^tracker +${STATUS}$`, 'm'));
  const { servers } = JSON.parse((await tooldex('list', '--json')).stdout);
  expect(servers[1]).toMatchObject({ server: 'tracker', state: 'needs-config', missing: MISSING });
  expect(await tooldex('call', 'tracker:add', '{"a":1,"b":1}')).toMatchObject({
    code: 78,
    stderr: expect.stringMatching(/NEEDS_CONFIG[\s\S]*TRACKER_TOKEN[\s\S]*tooldex enable tracker/),
  });

  const set = { env: { TRACKER_TOKEN: 'x' } };
  expect((await runCli(['enable', 'tracker', '--config', config], set)).code).toBe(0);
  const called = await runCli(['call', 'tracker:add', '{"a":1,"b":1}', '--config', config], set);
  expect(called).toMatchObject({ code: 0, stdout: '2\n' });
});

it('over /api, as the command line shows it of a gateway that runs', async () => {
  const { config, tooldex } = configured();
  const entry = { command, args, env: { TRACKER_TOKEN: '${env:TRACKER_TOKEN}' }, enabled: false };
  writeFileSync(config, JSON.stringify({ servers: { plain: { command, args }, tracker: entry } }));
  await using gateway = await serveGateway(['--config', config]);
  const api = await (await fetch(new URL('/api/servers/tracker', gateway.url))).json();
  expect(api).toMatchObject({ enabled: false, state: 'needs-config', missing: MISSING, status: STATUS });
  expect((await tooldex('list')).stdout).toContain(STATUS);
});
