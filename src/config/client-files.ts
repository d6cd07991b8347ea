/** Where MCP clients keep their servers, and how each of them writes one. */
import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { GatewayError } from '../errors.ts';
import { homeFolder } from './paths.ts';

export const CLIENTS = [
  'claude',
  'claude-code',
  'cursor',
  'vscode',
  'windsurf',
  'zed',
  'gemini',
  'codex',
  'opencode',
] as const;

export type ClientName = (typeof CLIENTS)[number];

/** How Tooldex is reached: started by the client, or running at an address. */
export type Destination = { readonly command: string; readonly args: readonly string[] } | { readonly url: string };

export interface ClientFormat {
  readonly syntax: 'json' | 'toml';
  /** Key of the servers; the first is what is written, others are only read. */
  readonly blocks: readonly [string, ...(readonly string[])];
  /** How the client writes a variable of the environment. */
  readonly references: 'dollar' | 'braces' | 'none';
  /** A server as this client writes it. Throws USAGE where it cannot reach one like that. */
  readonly write: (destination: Destination) => Readonly<Record<string, unknown>>;
}

const plain =
  (urlKey: string) =>
  (destination: Destination): Readonly<Record<string, unknown>> =>
    'url' in destination ? { [urlKey]: destination.url } : { ...destination };

const typed = (destination: Destination) =>
  'url' in destination ? { type: 'http', ...destination } : { type: 'stdio', ...destination };

function onlyStdio(destination: Destination): Readonly<Record<string, unknown>> {
  if (!('url' in destination)) return { ...destination };
  throw new GatewayError('USAGE', 'Claude Desktop reaches no server by address in this file', {
    hint: 'leave out --url, and it starts Tooldex itself',
  });
}

const openCode = (destination: Destination) =>
  'url' in destination
    ? { type: 'remote', ...destination, enabled: true }
    : { type: 'local', command: [destination.command, ...destination.args], enabled: true };

export const CLIENT_FORMATS: Readonly<Record<ClientName, ClientFormat>> = {
  claude: { syntax: 'json', blocks: ['mcpServers'], references: 'dollar', write: onlyStdio },
  'claude-code': { syntax: 'json', blocks: ['mcpServers'], references: 'dollar', write: typed },
  cursor: { syntax: 'json', blocks: ['mcpServers'], references: 'dollar', write: plain('url') },
  vscode: { syntax: 'json', blocks: ['servers', 'mcp.servers', 'mcpServers'], references: 'dollar', write: typed },
  windsurf: { syntax: 'json', blocks: ['mcpServers'], references: 'dollar', write: plain('serverUrl') },
  zed: { syntax: 'json', blocks: ['context_servers'], references: 'none', write: plain('url') },
  gemini: { syntax: 'json', blocks: ['mcpServers'], references: 'dollar', write: plain('httpUrl') },
  codex: { syntax: 'toml', blocks: ['mcp_servers'], references: 'none', write: plain('url') },
  opencode: { syntax: 'json', blocks: ['mcp'], references: 'braces', write: openCode },
};

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** The file of the user's own settings, whether or not it is there. */
export function clientFile(client: ClientName, machine: Machine): string {
  const candidates = userFiles(client, machine);
  return candidates.find((file) => existsSync(file)) ?? candidates[0];
}

function userFiles(client: ClientName, { env, platform }: Machine): [string, ...string[]] {
  const { join } = platform === 'win32' ? win32 : posix;
  const home = platform === 'win32' ? (env.USERPROFILE ?? homeFolder(env)) : homeFolder(env);
  const roaming = env.APPDATA ?? join(home, 'AppData', 'Roaming');
  const config = env.XDG_CONFIG_HOME || join(home, '.config');
  const application =
    platform === 'win32' ? roaming : platform === 'darwin' ? join(home, 'Library', 'Application Support') : config;
  switch (client) {
    case 'claude':
      return [join(application, 'Claude', 'claude_desktop_config.json')];
    case 'claude-code':
      return [join(home, '.claude.json')];
    case 'cursor':
      return [join(home, '.cursor', 'mcp.json')];
    case 'vscode':
      return [join(application, 'Code', 'User', 'mcp.json')];
    case 'windsurf':
      return [join(home, '.codeium', 'windsurf', 'mcp_config.json')];
    case 'zed':
      return [platform === 'win32' ? join(roaming, 'Zed', 'settings.json') : join(config, 'zed', 'settings.json')];
    case 'gemini':
      return [join(home, '.gemini', 'settings.json')];
    case 'codex':
      return [join(env.CODEX_HOME || join(home, '.codex'), 'config.toml')];
    case 'opencode':
      return [join(config, 'opencode', 'opencode.json'), join(config, 'opencode', 'opencode.jsonc')];
  }
}
