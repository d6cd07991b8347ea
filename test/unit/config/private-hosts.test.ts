import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { readAddedServer } from '../../../src/config/read-added-server.ts';
import { failure } from '../../helpers/failure.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function configured(keys = '') {
  const file = join(tempDir('config'), 'tooldex.yaml');
  writeFileSync(file, `servers:\n  a:\n${keys || '    command: x'}\n`);
  return loadConfig({ file, env: {} });
}

describe('#55 what of private networks a remote server may lead to', () => {
  it.each([
    ['https://mcp.example/', '', 'own'],
    ['https://mcp.example/', 'allow_private: true', 'all'],
    ['http://localhost:1/', '', 'all'],
    ['http://127.0.0.1:1/', '', 'all'],
    ['http://192.168.1.2/', '', 'all'],
    ['http://[::1]:1/', '', 'all'],
    ['http://127.0.0.1:1/', 'allow_private: false', 'own'],
    ['http://169.254.169.254/', '', 'own'],
    ['http://1.2.3.4/', '', 'own'],
  ])('%s %s: %s', async (url, key, expected) => {
    const { servers } = await configured(`    url: "${url}"\n    ${key}`);
    expect(servers.get('a')).toMatchObject({ privateHosts: expected });
  });

  it('is nothing for one that an agent brings', async () => {
    const given = { url: 'http://127.0.0.1:1/mcp' };
    const server = await readAddedServer({ name: 'b', given }, await configured());
    expect(server).toMatchObject({ privateHosts: 'none' });
  });

  it.each(['allow_private: true', 'proxy: "http://127.0.0.1:1"', 'ca_file: /etc/passwd'])(
    'is not for the agent to decide by %s',
    async (line) => {
      const [key = '', value = ''] = line.split(': ');
      const given = { url: 'https://mcp.example/', [key]: JSON.parse(value.startsWith('/') ? `"${value}"` : value) };
      const error = await failure(readAddedServer({ name: 'b', given }, await configured()));
      expect(error.message).toContain(`"${key}", which only an admin may set`);
    },
  );
});

describe('oauth', () => {
  it.each([
    ['{grant: client_credentials, client_id: a}', 'needs "client_id" and "client_secret"'],
    ['{client_secret: a}', 'inert key "client_secret"'],
    ['{issuer: "https://as.example"}', 'inert key "issuer"'],
    ['{grant: client_credentials, client_id: a, client_secret: b, redirect_port: 7}', 'inert key "redirect_port"'],
  ])('%s: %s', async (oauth, problem) => {
    const error = await failure(configured(`    url: "https://mcp.example/"\n    oauth: ${oauth}`));
    expect(error.message).toContain(problem);
  });

  it('is masked where its secret stands literally', async () => {
    const config = await configured(
      '    url: "https://x.example/"\n    oauth: {client_id: a, client_secret: b-secret-b}',
    );
    expect(config.redact('it is b-secret-b')).not.toContain('b-secret-b');
  });
});
