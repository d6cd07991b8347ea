/** What the MCP Registry says of a server becomes an entry that loads. */
import { describe, expect, test } from 'vitest';
import { readServerJson } from '../../../src/config/server-json.ts';
import type { InputValues } from '../../../src/config/server-json-inputs.ts';
import { load } from './config-files.ts';

const read = (server: object, values: InputValues = {}, kind?: 'npm' | 'pypi' | 'oci' | 'remote') =>
  readServerJson(JSON.stringify(server), { values, kind });

const npm = {
  registryType: 'npm',
  identifier: '@acme/tracker-mcp',
  version: '1.2.3',
  runtimeHint: 'npx',
  runtimeArguments: [{ type: 'positional', value: '-y' }],
  transport: { type: 'stdio' },
  packageArguments: [
    { type: 'positional', valueHint: 'folder', isRequired: true, description: 'Where the data are' },
    { type: 'named', name: '--log', default: 'warn' },
    { type: 'named', name: '--proxy' },
    { type: 'named', name: '--header', value: 'Key {key}', variables: { key: { isRequired: true, isSecret: true } } },
  ],
  environmentVariables: [
    { name: 'TRACKER_TOKEN', isRequired: true, isSecret: true },
    { name: 'TRACKER_REGION', default: 'eu' },
    { name: 'TRACKER_DEBUG' },
  ],
};
const description = 'Track things';

describe('packages', () => {
  test('npm: the exact version, arguments in order, what is required as references', () => {
    const { entry, notes } = read(
      { name: 'io.github.acme/tracker', description, packages: [npm] },
      { folder: '/data' },
    );
    expect(entry).toEqual({
      description,
      command: 'npx',
      args: ['-y', '@acme/tracker-mcp@1.2.3', '/data', '--log', 'warn', '--header', 'Key ${env:KEY}'],
      env: { TRACKER_TOKEN: '${env:TRACKER_TOKEN}', TRACKER_REGION: 'eu' },
    });
    expect(notes).toEqual(['the optional TRACKER_DEBUG was left out', 'the optional argument --proxy was left out']);
  });

  test('a required argument that nobody gave is asked for by name', () => {
    expect(() => read({ packages: [npm] })).toThrow('"folder" needs a value: Where the data are');
  });

  test('pypi, in the older spelling with underscores, wrapped as the API answers it', () => {
    const fields = {
      registry_type: 'pypi',
      identifier: 'acme-mcp',
      version: '2.0',
      environment_variables: [{ name: 'K', is_required: true }],
    };
    expect(read({ server: { packages: [fields] }, _meta: {} }).entry).toEqual({
      command: 'uvx',
      args: ['acme-mcp==2.0'],
      env: { K: '${env:K}' },
    });
  });

  test('oci: the image with its tag, and what docker alone understands is said, not dropped in silence', () => {
    const fields = {
      registryType: 'oci',
      identifier: 'ghcr.io/acme/mcp',
      version: '1.0',
      runtimeArguments: [{ type: 'named', name: '--mount', value: 'type=bind,src=/x,dst=/x' }],
    };
    const { entry, notes } = read({ packages: [fields] });
    expect(entry).toEqual({ image: 'ghcr.io/acme/mcp:1.0' });
    expect(notes).toEqual([
      expect.stringContaining('arguments for docker were left out'),
      expect.stringContaining('no network'),
    ]);
    expect(read({ packages: [{ ...fields, identifier: 'ghcr.io/acme/mcp:2' }] }).entry.image).toBe(
      'ghcr.io/acme/mcp:2',
    );
  });
});

describe('inputs', () => {
  const packageWith = (packageArguments: object[], more: object = {}) => ({
    packages: [{ registryType: 'npm', identifier: 'x', version: '1.0.0', packageArguments, ...more }],
  });
  const argsOf = (packageArguments: object[], values: InputValues = {}) => {
    const { args } = read(packageWith(packageArguments), values).entry;
    return Array.isArray(args) ? args.slice(2) : undefined;
  };

  test('arguments: fixed, chosen, repeated, switched and joined to their names', () => {
    const choice = { type: 'named', name: '--level', choices: ['low', 'high'], default: 'low' };
    const folders = { type: 'positional', valueHint: 'folder', isRepeated: true, isRequired: true };
    const verbose = { type: 'named', name: '--verbose', format: 'boolean' };
    const serve = { type: 'positional', value: 'serve' };
    const root = { type: 'named', name: '--root=', isRequired: true };
    const all = [serve, choice, root, verbose, folders];
    expect(argsOf(all, { folder: ['/a', '/b'], root: '/r', verbose: 'true' })).toEqual([
      'serve',
      '--level',
      'low',
      '--root=/r',
      '--verbose',
      '/a',
      '/b',
    ]);
    expect(argsOf([choice, verbose], { level: 'high', verbose: 'false' })).toEqual(['--level', 'high']);
    expect(() => argsOf([choice], { level: 'middle' })).toThrow('"level" is one of low, high');
    expect(() => argsOf([choice], { level: ['low', 'high'] })).toThrow('"level" takes one value');
  });

  test('all that is missing is told at once', () => {
    const [one, two] = ['one', 'two'].map((valueHint) => ({ type: 'positional', valueHint, isRequired: true }));
    expect(() => argsOf([{ ...one }, { ...two }])).toThrow('"one" needs a value; "two" needs a value');
  });

  test('or collected, with what its author says of it', () => {
    const server = {
      packages: [
        { ...npm, environmentVariables: [{ name: 'TOKEN', isRequired: true, isSecret: true, description: 'A key' }] },
      ],
    };
    const { missing, entry } = readServerJson(JSON.stringify(server), { values: {}, unset: 'collect' });
    expect(missing).toEqual([
      { name: 'TOKEN', kind: 'environment variable', isSecret: true, description: 'A key' },
      { name: 'folder', kind: 'argument', isSecret: false, description: 'Where the data are' },
      { name: 'key', kind: 'argument', isSecret: true, description: '' },
    ]);
    expect(JSON.stringify(entry)).not.toContain('${');
  });

  test('names of variables are what somebody chose, and no keys of the format', () => {
    const header = { name: 'Authorization', value: 'Bearer {api_key}', variables: { api_key: { is_required: true } } };
    const server = { remotes: [{ transport_type: 'streamable', url: 'https://a.test/mcp', headers: [header] }] };
    expect(read(server, { api_key: 'k' }).entry).toEqual({
      url: 'https://a.test/mcp',
      transport: 'streamable-http',
      headers: { Authorization: 'Bearer k' },
    });
  });
});

describe('packages of other kinds and times', () => {
  test('the first spelling: registry_name, name, version_detail', () => {
    const fields = {
      registry_name: 'npm',
      name: '@acme/x',
      version: '1.0.0',
      package_arguments: [{ type: 'positional', value: 'go' }],
    };
    expect(read({ packages: [fields], version_detail: { version: '1.0.0' } }).entry.args).toEqual([
      '-y',
      '@acme/x@1.0.0',
      'go',
    ]);
    const image = { registry_name: 'docker', name: 'acme/x', version: '2' };
    expect(read({ packages: [image] }).entry.image).toBe('acme/x:2');
  });

  test('an image carries its registry, its digest, and the environment that docker would give it', () => {
    const fields = {
      registryType: 'oci',
      registryBaseUrl: 'https://ghcr.io',
      identifier: 'acme/x@sha256:0123',
      runtimeArguments: [
        { type: 'positional', value: 'run' },
        { type: 'named', name: '-e', value: 'MODE={mode}', variables: { mode: { default: 'fast' } } },
        { type: 'named', name: '--rm', isRequired: true },
        { type: 'named', name: '--network', value: 'host' },
      ],
    };
    const { entry, notes } = read({ packages: [fields] });
    expect(entry).toEqual({ image: 'ghcr.io/acme/x@sha256:0123', env: { MODE: 'fast' } });
    expect(notes[0]).toContain('--network host');
    const hub = { ...fields, registryBaseUrl: 'https://docker.io', identifier: 'acme/x', version: '1' };
    expect(read({ packages: [hub] }).entry.image).toBe('acme/x:1');
  });

  test.each([['latest'], ['^1.0.0'], ['']])('version "%s" is passed over where it has to be exact', (version) => {
    const server = { packages: [{ registryType: 'npm', identifier: 'x', version }], remotes: [remote] };
    const { entry } = readServerJson(JSON.stringify(server), { values: { tenant: 'a' }, exact: true });
    expect(entry.url).toBe('https://a.acme.test/mcp');
    expect(() => readServerJson(JSON.stringify({ packages: server.packages }), { values: {}, exact: true })).toThrow(
      `it offers npm in version "${version}"`,
    );
  });

  test('a file from elsewhere refers to no secret of ours', async () => {
    const value = '${env:HOME} ${file:/etc/hostname}';
    const fields = { ...npm, packageArguments: [], environmentVariables: [{ name: 'X', value }] };
    const { entry } = read({ packages: [fields] });
    const config = await load(JSON.stringify({ servers: { a: entry } }), { env: { HOME: '/home/ada' } });
    expect(config.servers.get('a')).toMatchObject({ env: { X: value } });
  });

  test('another registry is said, since npm and uv have to know it', () => {
    const { notes } = read({ packages: [{ ...npm, packageArguments: [], registryBaseUrl: 'https://npm.acme.test' }] });
    expect(notes).toContainEqual(expect.stringContaining('https://npm.acme.test has to be set'));
  });
});

const remote = {
  type: 'sse',
  url: 'https://{tenant}.acme.test/mcp',
  variables: { tenant: { isRequired: true } },
  headers: [
    { name: 'Authorization', isRequired: true, value: 'Bearer {token}', variables: { token: { isRequired: true } } },
  ],
};

test('remotes: variables of address and headers, given or referred to', () => {
  expect(read({ remotes: [remote] }, { tenant: 'we' }).entry).toEqual({
    url: 'https://we.acme.test/mcp',
    transport: 'sse',
    headers: { Authorization: 'Bearer ${env:TOKEN}' },
  });
});

test('packages come before remotes, unless asked otherwise; what cannot be run is passed over', () => {
  const server = {
    packages: [
      { registryType: 'mcpb', identifier: 'x' },
      { ...npm, packageArguments: [] },
    ],
    remotes: [remote],
  };
  expect(read(server).entry.command).toBe('npx');
  expect(read(server, { tenant: 'a' }, 'remote').entry.url).toBe('https://a.acme.test/mcp');
});

test.each([
  ['nothing to run', { packages: [{ registryType: 'nuget', identifier: 'x' }] }, 'it offers nuget'],
  [
    'a package that serves HTTP',
    { packages: [{ ...npm, transport: { type: 'streamable-http', url: 'http://x' } }] },
    'it offers npm over streamable-http',
  ],
  ['nothing at all', {}, 'neither packages nor remotes'],
])('%s is refused', (_, server, message) => {
  expect(() => read(server)).toThrow(message);
});

test('what comes out loads', async () => {
  const { entry } = read({ packages: [npm], description }, { folder: '/data' });
  const config = await load(JSON.stringify({ servers: { a: entry } }), { env: { TRACKER_TOKEN: 'x', KEY: 'y' } });
  expect(config.servers.get('a')).toMatchObject({ command: 'npx', env: { TRACKER_TOKEN: 'x' } });
});
