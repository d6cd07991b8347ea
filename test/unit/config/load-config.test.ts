/** What a good file becomes. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { SEED } from '../../helpers/seed-config.ts';
import { load, only, temporaryFolder, writeConfig } from './config-files.ts';

test('the block that the product began with loads as it stands', async () => {
  const config = await load(SEED);
  expect(config).toMatchObject({ workspaceRoot: '/workspaces', toolsRoot: '/tools', warnings: [] });
  expect([...config.servers.keys()]).toEqual(['fs', 'git', 'my-script']);
  expect(config.servers.get('fs')).toMatchObject({
    runtime: 'container',
    mode: 'launcher',
    image: 'mcp/filesystem',
    args: ['/workspaces'],
    // An argument that names the workspaces is of no use in a container that does not see them.
    mounts: [{ source: '/workspaces', target: '/workspaces', readOnly: false }],
    network: 'none',
  });
  expect(config.servers.get('git')).toMatchObject({
    runtime: 'native',
    mode: 'launcher',
    command: 'npx',
    args: ['-y', '@modelcontextprotocol/server-git', '/workspaces'],
  });
  expect(config.servers.get('my-script')).toMatchObject({
    runtime: 'native',
    mode: 'daemon',
    command: '/tools/meu-script.sh',
  });
});

test('the least there is', async () => {
  const file = writeConfig('servers:\n');
  expect(await loadConfig({ file, env: {} })).toMatchObject({
    source: { file },
    listen: { host: '127.0.0.1', port: 8080 },
    dataDir: join(dirname(file), '.tooldex'),
    workspaceRoot: join(dirname(file), '.tooldex', 'workspaces'),
    toolsRoot: dirname(file),
    search: { limit: 5, tokensMax: 1000 },
    servers: new Map(),
  });
});

test('a server with nothing but a command has every default', async () => {
  const file = writeConfig('servers: {a: {command: x}}');
  expect(only(await loadConfig({ file, env: {} }), 'native')).toEqual({
    runtime: 'native',
    name: 'a',
    description: undefined,
    enabled: true,
    changes: 'allow',
    mode: 'daemon',
    scope: 'principal',
    idleTimeoutMs: 300_000,
    startTimeoutMs: 60_000,
    callTimeoutMs: 180_000,
    callTotalTimeoutMs: 1_800_000,
    concurrency: 16,
    queueMax: 100,
    pool: { min: 0, max: 1 },
    pathRules: [],
    workspacePer: 'server',
    processLimits: {},
    sandbox: 'none',
    installScripts: false,
    resultBytesMax: 100_000,
    tags: [],
    tools: { allow: undefined, deny: [], rename: {}, describe: {} },
    workspaceDir: undefined,
    command: 'x',
    args: [],
    env: {},
    cwd: dirname(file),
  });
});

test('defaults of the file are for servers that say nothing, key by key', async () => {
  const config = await load(`
defaults: {mode: launcher, pool: {max: 2}, start_timeout: 5s, limits: {timeout: 7s, concurrency: 2}}
servers:
  a: {command: x}
  b: {command: x, mode: daemon, scope: session, idle_timeout: 1m30s, limits: {concurrency: 3, queue: 0, result_size: 1MiB}}
  c: {command: x, mode: daemon, pool: {min: 3}}
`);
  expect(config.servers.get('a')).toMatchObject({
    mode: 'launcher',
    startTimeoutMs: 5000,
    callTimeoutMs: 7000,
    concurrency: 2,
  });
  expect(config.servers.get('b')).toMatchObject({
    mode: 'daemon',
    scope: 'session',
    idleTimeoutMs: 90_000,
    callTimeoutMs: 7000,
    concurrency: 3,
    queueMax: 0,
    pool: { min: 0, max: 2 },
    resultBytesMax: 2 ** 20,
  });
  expect(config.servers.get('c')).toMatchObject({ pool: { min: 3, max: 3 } });
});

test('a container has bounds, its own folder, and nothing else of this machine', async () => {
  const text = `
workspace_root: /srv/ws
servers:
  a: {image: "ghcr.io/x/y:1@sha256:ab", allow_dangerous: [host_paths], workspace: team/a, args: ["\${workspace}/db"], mounts: [{source: ./in, target: /in}, {source: ~/out, target: /out, read_only: false}]}
`;
  const file = writeConfig(text);
  expect(only(await loadConfig({ file, env: { HOME: '/home/u' } }), 'container')).toMatchObject({
    image: 'ghcr.io/x/y:1@sha256:ab',
    args: ['/srv/ws/team/a/db'],
    workspaceDir: '/srv/ws/team/a',
    memoryBytes: 512 * 2 ** 20,
    cpus: 1,
    pidsMax: 128,
    network: 'none',
    user: undefined,
    mounts: [
      { source: '/srv/ws/team/a', target: '/srv/ws/team/a', readOnly: false },
      { source: join(dirname(file), 'in'), target: '/in', readOnly: true },
      { source: '/home/u/out', target: '/out', readOnly: false },
    ],
  });
});

describe('paths', () => {
  test('start at the folder of the file, or at home', async () => {
    const folder = temporaryFolder();
    const file = writeConfig('data_dir: ../data\nworkspace_root: ~/ws\ntools_root: bin\n', 'etc/t.yaml', folder);
    expect(await loadConfig({ file, env: { HOME: '/home/u' } })).toMatchObject({
      dataDir: join(folder, 'data'),
      workspaceRoot: '/home/u/ws',
      toolsRoot: join(folder, 'etc', 'bin'),
    });
    expect((await load('data_dir: ~/d')).dataDir).toBe(join(homedir(), 'd'));
  });

  test('of commands start at tools_root, plain names are left to PATH', async () => {
    const command = async (text: string) =>
      only(await load(`tools_root: /t\nservers: {a: {command: ${text}}}`, { env: { HOME: '/h' } }), 'native').command;
    expect(await command('./x.sh')).toBe('/t/x.sh');
    expect(await command('sub/x.sh')).toBe('/t/sub/x.sh');
    expect(await command('~/x.sh')).toBe('/h/x.sh');
    expect(await command('npx')).toBe('npx');
  });

  test('where a server runs: its cwd, its workspace, or the folder of the file', async () => {
    const file = writeConfig(
      'servers:\n  a: {command: x, cwd: sub, workspace: w}\n  b: {command: x, workspace: .}\n  c: {command: x}\n',
    );
    const { servers, workspaceRoot } = await loadConfig({ file, env: {} });
    const cwd = (name: string) => (servers.get(name) as { cwd: string }).cwd;
    expect(cwd('a')).toBe(join(dirname(file), 'sub'));
    expect(cwd('b')).toBe(workspaceRoot);
    expect(cwd('c')).toBe(dirname(file));
  });

  test('of a file that is named relative to the working folder', async () => {
    const config = await loadConfig({ file: 'config/tooldex.yaml', env: {} });
    expect(config.source.file).toBe(join(process.cwd(), 'config/tooldex.yaml'));
    expect(config.dataDir).toBe(join(process.cwd(), 'config/.tooldex'));
  });
});

test('the command line wins over the file', async () => {
  const text = 'listen: {host: "::1", port: 1}\ndata_dir: /a\n';
  expect(await load(text, { overrides: { host: '0.0.0.0', port: 0, dataDir: '/b' } })).toMatchObject({
    listen: { host: '0.0.0.0', port: 0 },
    dataDir: '/b',
    workspaceRoot: '/b/workspaces',
  });
  expect(await load(text, { overrides: { port: 2 } })).toMatchObject({
    listen: { host: '::1', port: 2 },
    dataDir: '/a',
  });
  expect(await load('servers: {}', { dataDirDefault: '/c' })).toMatchObject({ dataDir: '/c' });
});

describe('remote servers', () => {
  test.each([
    ['url: https://x.test/mcp', 'auto'],
    ['url: https://x.test/mcp, transport: sse', 'sse'],
    ['url: https://x.test/mcp, type: sse', 'sse'],
    ['url: https://x.test/mcp, type: http', 'streamable-http'],
    ['url: https://x.test/mcp, type: streamableHttp', 'streamable-http'],
    ['httpUrl: https://x.test/mcp', 'streamable-http'],
    ['serverUrl: https://x.test/mcp', 'auto'],
  ])('{%s} is %s', async (keys, transport) => {
    const server = only(await load(`servers: {a: {${keys}}}`), 'remote');
    expect(server.transport).toBe(transport);
    expect(server.url.href).toBe('https://x.test/mcp');
  });

  test.each(['headers', 'additionalHeaders'])('%s', async (key) => {
    const server = only(await load(`servers: {a: {url: "https://x.test", ${key}: {X-Key: "a b"}}}`), 'remote');
    expect(server.headers).toEqual({ 'X-Key': 'a b' });
  });
});

test('a disabled server is there, and what it refers to need not be', async () => {
  const config = await load(
    'servers:\n  a: {command: x, env: {T: "${env:NOPE}"}, enabled: false}\n  b: {url: "https://${env:NOPE}/mcp", disabled: true}\n',
  );
  expect([...config.servers.values()].map(({ name, enabled }) => [name, enabled])).toEqual([
    ['a', false],
    ['b', false],
  ]);
});

test('an honest file may use anchors, and hundreds of brackets in its comments', async () => {
  const text = `servers:\n  a: {command: x, env: &e {A: "1"}}\n  b: {command: x, env: *e}\n${'# see [\n'.repeat(500)}`;
  expect((await load(text)).servers.get('b')).toMatchObject({ env: { A: '1' } });
});

describe('no key is inert: each one, set to something else than its default, changes what is resolved', () => {
  const plain = (config: Config) => JSON.stringify({ ...config, servers: [...config.servers] });
  const change = async (base: string, more: string) => {
    const file = writeConfig('');
    const at = async (text: string) =>
      plain(await loadConfig({ file: writeConfig(text, 'x.yaml', dirname(file)), env: {} }));
    return (await at(base)) !== (await at(base + more));
  };
  test.each([
    'listen: {host: "::1"}',
    'listen: {port: 1}',
    'data_dir: /d',
    'workspace_root: /w',
    'tools_root: /t',
    'max_instances: 3',
    'token_key: aaaabbbbccccddddaaaabbbbccccdddd',
    'search: {limit: 7}',
    'search: {max_tokens: 700}',
    'search: {embedder: {kind: builtin, encoder_max_tools: 9}}',
    'defaults: {mode: launcher}',
    'defaults: {idle_timeout: 1s}',
    'defaults: {start_timeout: 1s}',
    'defaults: {limits: {timeout: 1s}}',
    'defaults: {limits: {total_timeout: 1s}}',
    'defaults: {limits: {concurrency: 1}}',
    'defaults: {limits: {queue: 0}}',
    'defaults: {limits: {result_size: 1B}}',
    'defaults: {scope: shared}',
    'defaults: {pool: {min: 1}}',
    'defaults: {pool: {max: 2}}',
  ])('%s', async (line) => {
    expect(await change('servers: {a: {command: x}}\n', line)).toBe(true);
  });
  const common = [
    'description: d',
    'enabled: false',
    'disabled: true',
    'mode: launcher',
    'idle_timeout: 1s',
    'start_timeout: 1s',
    'limits: {timeout: 1s}',
    'limits: {total_timeout: 1s}',
    'limits: {concurrency: 1}',
    'limits: {queue: 0}',
    'limits: {result_size: 1B}',
    'scope: session',
    'pool: {min: 1}',
    'pool: {max: 2}',
    'tools: {allow: [a]}',
    'tools: {deny: [a]}',
  ];
  const process = ['args: [a]', 'env: {A: b}', 'workspace: w'];
  const native = [
    ...['cwd: c', 'sandbox: bubblewrap', 'install_scripts: true'],
    ...['memory: 1GiB', 'processes: 9', 'files: 9', 'cpu: 1m'].map((limit) => `limits: {${limit}}`),
  ];
  const groups = [
    ['command: x\n    workspace: w', ['paths: [a]']],
    ['image: x\n    allow_dangerous: [privileged]', ['privileged: true']],
    ['command: x', [...common, ...process, ...native]],
    [
      'image: x',
      [
        ...common,
        ...process,
        'network: bridge',
        'memory: 1MiB',
        'cpus: 2',
        'pids: 2',
        'user: u',
        'mounts: [{source: .tooldex/workspaces/a, target: /b}]',
        'runtime_class: runsc',
        'allow_dangerous: [host_paths]',
        'registry_auth: {username: u, password: p}',
      ],
    ],
    [
      'url: "https://x.test"',
      [
        ...[...common, 'transport: sse', 'type: sse', 'headers: {A: b}', 'additionalHeaders: {A: b}'],
        ...['client_id: a', 'scopes: [a]', 'redirect_port: 7'].map((key) => `oauth: {${key}}`),
        ...['allow_private: true', 'proxy: none', 'ca_file: a.pem', 'connect_timeout: 1s'],
      ],
    ],
  ] as const;
  test.each(groups.flatMap(([main, lines]) => lines.map((line) => [main, line] as const)))(
    '%s, %s',
    async (main, line) => {
      expect(await change(`servers:\n  a:\n    ${main}\n`, `    ${line}\n`)).toBe(true);
    },
  );
});
