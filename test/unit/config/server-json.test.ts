/** What the MCP Registry says of a server becomes an entry that loads. */
import { describe, expect, test } from 'vitest';
import { readServerJson } from '../../../src/config/server-json.ts';
import { load } from './config-files.ts';

const read = (server: object, values: Record<string, string> = {}, kind?: 'npm' | 'pypi' | 'oci' | 'remote') =>
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
