/** What `tooldex check` is told. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/config/check-config.ts';
import { temporaryFolder, writeConfig } from './config-files.ts';

test('the plan: every server with what it runs', async () => {
  const text = `
workspace_root: /w
servers:
  n: {command: sh, args: ["-c", "it's"], mode: launcher, workspace: n}
  c: {image: mcp/x, args: [a], enabled: false}
  r: {url: "https://x.test/mcp"}
`;
  const file = writeConfig(text);
  const plan = await checkConfig({ file, env: { PATH: process.env.PATH }, overrides: { port: 0, dataDir: '/d' } });
  expect(plan).toEqual({
    file,
    listen: { host: '127.0.0.1', port: 0 },
    dataDir: '/d',
    included: [],
    profiles: [],
    servers: [
      {
        name: 'n',
        enabled: true,
        runtime: 'native',
        mode: 'launcher',
        runs: `sh -c 'it'\\''s'`,
        workspaceDir: '/w/n',
        dangers: [],
      },
      {
        name: 'c',
        enabled: false,
        runtime: 'container',
        mode: 'daemon',
        runs: 'mcp/x a',
        workspaceDir: undefined,
        isPinned: false,
        dangers: [],
      },
      {
        name: 'r',
        enabled: true,
        runtime: 'remote',
        mode: 'daemon',
        runs: 'https://x.test/mcp',
        workspaceDir: undefined,
        dangers: [],
      },
    ],
    warnings: [],
  });
});

test('the plan: included files, and profiles with the servers that are in them', async () => {
  const folder = temporaryFolder();
  writeConfig('servers: {git-two: {command: sh}, off: {command: sh, enabled: false}}\n', 'more.yaml', folder);
  const text = `
include: "*ore.yaml"
servers: {git: {command: sh}, other: {command: sh}}
profiles:
  code: {servers: ["git*", off], exposure: direct}
  none: {servers: ["x*"]}
`;
  const file = writeConfig(text, 'tooldex.yaml', folder);
  expect(await checkConfig({ file, env: { PATH: process.env.PATH } })).toMatchObject({
    included: [join(folder, 'more.yaml')],
    profiles: [
      { name: 'code', exposure: 'direct', servers: ['git', 'git-two'] },
      { name: 'none', exposure: 'discovery', servers: [] },
    ],
    warnings: ['profile "none": no server is in it that is enabled'],
  });
});

test('doubts: what cannot run, cannot be mounted, or is not private', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'plain.sh'), '');
  writeFileSync(join(folder, 'runs.sh'), '');
  chmodSync(join(folder, 'runs.sh'), 0o755);
  const text = `
servers:
  absent: {command: no-such-program}
  plain: {command: ./plain.sh}
  runs: {command: ./runs.sh}
  hidden: {command: no-such-program, enabled: false}
  mounts: {image: x, workspace: made-later, allow_dangerous: [host_paths], mounts: [{source: ./none, target: /n}]}
  open: {url: "http://x.test/mcp", headers: {K: v}}
  local: {url: "http://localhost:9/mcp", headers: {K: v}}
  bare: {url: "http://x.test/mcp"}
`;
  const { warnings } = await checkConfig({
    file: writeConfig(text, 'tooldex.yaml', folder),
    env: { PATH: process.env.PATH },
  });
  expect(warnings).toEqual([
    'server "absent": the command no-such-program cannot be found or run on this machine',
    `server "plain": the command ${folder}/plain.sh cannot be found or run on this machine`,
    `server "mounts": ${folder}/none is mounted but does not exist`,
    'server "open": its headers travel unencrypted — use an https URL',
  ]);
});

test('doubts: an address that serve would refuse', async () => {
  const warningsOf = async (text: string) =>
    (await checkConfig({ file: writeConfig(`${text}\nservers: {a: {url: "https://a.test"}}`), env: {} })).warnings;
  const refused = ['"listen": serve refuses 0.0.0.0 without "auth" — add "auth: {api_keys: true}"'];
  expect(await warningsOf('listen: {host: 0.0.0.0}')).toEqual(refused);
  expect(await warningsOf('listen: {host: 0.0.0.0}\nauth: {api_keys: true}')).toEqual([]);
  expect(await warningsOf('listen: {host: "::1"}')).toEqual([]);
});

test('doubts: rules about what is not there', async () => {
  const text = `
auth: {api_keys: true}
access:
  rules:
    - {for: ["*"], servers: [tracker, "new-*"], profiles: [reveiw]}
    - {for: ["key:ci"], tools: ["search", "traker:get"], deny: ["trakcer:delete_*", "*:x"]}
profiles: {review: {servers: [tracker]}}
servers: {tracker: {url: "https://a.test"}}
`;
  const warningsOf = async (adding: string) =>
    (await checkConfig({ file: writeConfig(`${adding}${text}`), env: {} })).warnings;
  const profile = '"access": rule 1: no profile is called "reveiw" — did you mean "review"?';
  expect(await warningsOf('')).toEqual([
    profile,
    '"access": rule 2: no server is called "traker" — did you mean "tracker"?',
    '"access": rule 2: no server is called "trakcer" — did you mean "tracker"?',
  ]);
  expect(await warningsOf('add_servers: always')).toEqual([profile]);
});

test('nothing to find is worth a word', async () => {
  const { warnings } = await checkConfig({ file: writeConfig('servers: {a: {command: sh, enabled: false}}'), env: {} });
  expect(warnings).toEqual(['no server is configured and enabled, so there is nothing to find']);
});

test('what is wrong is thrown as loading throws it', async () => {
  await expect(checkConfig({ file: writeConfig('servers: 1'), env: {} })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

test('does not miss a program in whose place Tooldex installs packages itself', async () => {
  const bin = temporaryFolder();
  for (const name of ['python3', 'npm']) writeFileSync(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
  const text =
    'servers: {a: {command: uvx, args: [x]}, b: {command: bunx, args: [x]}, c: {command: uv, args: [run, x]}}';
  const { warnings } = await checkConfig({ file: writeConfig(text), env: { PATH: bin } });
  expect(warnings).toEqual(['server "c": the command uv cannot be found or run on this machine']);
});
