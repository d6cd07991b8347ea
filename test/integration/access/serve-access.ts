/** A gateway behind its HTTP door with access control, and requests to it as strangers and principals send them. */
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { keepCurrent } from '../../../src/cli/keep-current.ts';
import type { Config } from '../../../src/config/config.ts';
import { createConfigFile } from '../../../src/config/config-file.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { type OpenKeys, openKeys } from '../../../src/gateway-access.ts';
import { serveHttp } from '../../../src/gateway-doors.ts';
import type { HttpServer } from '../../../src/http/http-server.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { openTestGateway, type TestServer } from '../gateway/open-gateway.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
}

export interface ServedGateway {
  readonly port: number;
  readonly routes: HttpServer['routes'];
  readonly config: Config;
  readonly keys: OpenKeys['keys'];
  readonly log: readonly string[];
  /** What the doors log. */
  readonly doorLog: readonly string[];
  /** A key of that name and those groups. */
  key(name: string, groups?: readonly string[]): string;
  ask(path: string, ask?: Ask): Promise<Reply>;
  /** A JSON-RPC request to an MCP endpoint, with a credential. */
  rpc(path: string, request: { method: string; params?: JsonObject }, headers?: Record<string, string>): Promise<Reply>;
}

export async function serveWithAccess(
  servers: Readonly<Record<string, TestServer>>,
  keys: JsonObject = { auth: { api_keys: true } },
): Promise<ServedGateway> {
  const { gateway, config, folder, log } = await openTestGateway(servers, undefined, keys);
  const env = { PATH: process.env.PATH, TOOLDEX_TEST_RUN: process.env.TOOLDEX_TEST_RUN };
  const loadOptions = { file: config.source.file, env, dataDirDefault: join(folder, 'data') };
  const current = keepCurrent({ config, gateway, log: () => undefined, load: () => loadConfig(loadOptions) });
  onTestFinished(() => current.close());
  const configFile = createConfigFile({
    loadOptions: () => loadOptions,
    ownFile: () => undefined,
    current: () => current.config,
    reload: current.apply,
  });
  const doorLog: string[] = [];
  const toDoorLog = (level: string, text: string) => void doorLog.push(`${level} ${text}`);
  const server = await serveHttp(gateway, { config, host: config.listen.host, port: 0, log: toDoorLog, configFile });
  onTestFinished(() => server.close());
  const opened = await openKeys(config);
  onTestFinished(() => opened.close());
  const port = Number(server.url.port);
  const ask: ServedGateway['ask'] = (path, given = {}) => send(port, path, given);
  return {
    port,
    routes: server.routes,
    config,
    log,
    doorLog,
    keys: opened.keys,
    ask,
    key(name, groups = []) {
      const key = opened.keys.create({ name, groups, expiresAt: undefined });
      if (key === undefined) throw new Error(`a key ${name} is there already`);
      return key;
    },
    rpc: (path, { method, params = {} }, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: { jsonrpc: '2.0', id: 1, method, params },
      }),
  };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** By node:http, because fetch does not let a caller set Host and Origin. */
export function send(port: number, path: string, { method = 'GET', headers = {}, body }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      response.once('end', done);
      const isEndless = method === 'GET' && response.headers['content-type']?.startsWith('text/event-stream');
      if (isEndless) response.once('data', () => response.destroy()).once('close', done);
    });
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}
