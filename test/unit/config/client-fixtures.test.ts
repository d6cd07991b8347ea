/** The files of all clients: what comes out of each, and that Tooldex comes into each and out again without a trace. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLIENTS, type ClientName } from '../../../src/config/client-files.ts';
import { backupOf, undoConnection, writeConnection } from '../../../src/config/connect-client.ts';
import { readClientFile } from '../../../src/config/import-client.ts';
import { writeClientFixture } from '../../helpers/client-fixture.ts';
import { temporaryFolder } from './config-files.ts';

const reads: Readonly<Record<ClientName, Readonly<Record<string, object>>>> = {
  claude: {
    'from-claude': {},
    'on-windows': {
      command: 'npx',
      args: ['-y', '@acme/notes@1.0.0', 'C:\\Users\\Ada Lovelace\\Notes'],
      env: { NOTES_DIR: 'C:\\Users\\Ada Lovelace\\Notes' },
    },
    'windows-program': { enabled: false },
  },
  'claude-code': {
    'from-claude-code': { env: { LEVEL: '${env:LEVEL:-info}' } },
    'shop-api': {
      url: 'https://${env:SHOP_HOST:-shop.example.com}/mcp',
      transport: 'streamable-http',
      headers: { Authorization: 'Bearer ${env:SHOP_TOKEN}' },
      enabled: false,
    },
  },
  cursor: {
    'from-cursor': { env: { API_KEY: '${env:API_KEY}' } },
    docs: { url: 'https://docs.example.com/sse' },
    resting: { enabled: false },
  },
  vscode: {
    'from-vscode': {},
    tracker: { headers: { Authorization: 'Bearer ${env:TRACKER_TOKEN}' }, enabled: false },
    here: { enabled: false },
  },
  windsurf: {
    'from-windsurf': { tools: { deny: ['fail'] } },
    elsewhere: { url: 'https://elsewhere.example.com/mcp', headers: { API_KEY: '${env:ELSEWHERE_KEY}' } },
    off: { enabled: false },
  },
  zed: { 'from-zed': { env: { PRICE: '$${5}' } }, nested: { command: 'npx', args: ['-y', 'nested@1.0.0'] } },
  gemini: {
    'from-gemini': { tools: { deny: ['fail'] } },
    stream: { transport: 'streamable-http', headers: { Authorization: 'Bearer ${env:STREAM_TOKEN}' } },
    events: { url: 'https://events.example.com/sse' },
  },
  codex: {
    'from-codex': {
      start_timeout: '20000ms',
      limits: { timeout: '120500ms' },
      tools: { deny: ['fail'] },
      env: { PRICE: '$5' },
    },
    figma: { headers: { Authorization: 'Bearer ${env:FIGMA_TOKEN}' }, enabled: false },
  },
  opencode: {
    'from-opencode': { env: { WHO: '${env:USER_NAME}' } },
    far: { url: 'https://far.example.com/mcp', enabled: false },
  },
};

test.each(CLIENTS)('#71 %s: all of its servers are understood, and the secrets stay where they are', (client) => {
  const { file, text } = writeClientFixture(client, temporaryFolder());
  const { servers, skipped } = readClientFile({ client, file, text, env: {} });
  expect(Object.fromEntries(servers.map(({ name, entry }) => [name, entry]))).toMatchObject(reads[client]);
  expect(servers.map(({ name }) => name)).toEqual(Object.keys(reads[client]));
  expect(skipped.map(({ name }) => name)).toEqual(client === 'zed' ? ['mcp-server-github'] : []);
  expect(JSON.stringify(servers)).not.toContain('literal-secret');
});

test.each(CLIENTS)('#71 %s: Tooldex comes into its file beside the others, and out without a trace', (client) => {
  const { file, text } = writeClientFixture(client, temporaryFolder());
  writeConnection({ client, file }, { command: '/usr/bin/node', args: ['/x/main.cjs', 'stdio'] });
  const connected = readFileSync(file, 'utf8');
  expect(readFileSync(backupOf(file), 'utf8')).toBe(text);
  for (const line of text.split('\n').filter((each) => /\/\/|#|\/\*/.test(each)))
    expect(connected).toContain(line.trim());
  const { skipped } = readClientFile({ client, file, text: connected, env: {} });
  expect(skipped).toContainEqual({ name: 'tooldex', reason: 'this is Tooldex itself' });
  undoConnection({ client, file });
  expect([readFileSync(file, 'utf8'), existsSync(backupOf(file))]).toEqual([text, false]);
});
