/** `tooldex index`: asks servers for their tools now, at the running gateway or by itself, and tells what came of it. */
import { setTimeout } from 'node:timers/promises';
import type { Listed } from '../discovery/discovery.ts';
import { explain, GatewayError } from '../errors.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { forEyes } from '../stdx/unseen.ts';
import { type AdminClient, type AdminFlags, runningGateway, serversOf } from './admin-client.ts';
import { type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { withGateway } from './open.ts';
import { withProgress } from './progress.ts';

export async function indexServers(
  invocation: Invocation,
  servers: readonly string[],
  flags: AdminFlags,
): Promise<number> {
  const gateway = await runningGateway(invocation, flags);
  if (gateway) tell(invocation, `asking the gateway at ${gateway.url}`);
  const rows = gateway
    ? await indexThere(invocation, servers, gateway)
    : await withGateway(invocation, flags, (parts) => indexHere(invocation, servers, parts));
  if (flags.json) printJson(invocation, { servers: rows, gateway: gateway?.url ?? null });
  else for (const row of rows) print(invocation, describe(invocation, row));
  return rows.every((row) => row.error === undefined) ? 0 : 1;
}

async function indexHere(
  invocation: Invocation,
  servers: readonly string[],
  { directory, discovery }: MetaToolParts,
): Promise<Row[]> {
  requireKnown(servers, directory.names());
  const wanted = servers.length > 0 ? servers : directory.names();
  const results = await withProgress(invocation, (onProgress) => discovery.listAll(wanted, { onProgress }));
  return [...results].map(([server, result]) => toRow(server, result));
}

/** All at once: the gateway starts no more of them at the same time than it can. */
async function indexThere(
  invocation: Invocation,
  servers: readonly string[],
  gateway: AdminClient,
): Promise<readonly Row[]> {
  const known = await serversOf(gateway);
  requireKnown(
    servers,
    known.map(({ name }) => name),
  );
  const wanted = servers.length > 0 ? servers : known.filter(({ enabled }) => enabled).map(({ name }) => name);
  const left = new Set(wanted);
  const ask = async (server: string): Promise<Row> => {
    const path = `/api/servers/${encodeURIComponent(server)}/index`;
    try {
      return (await gateway.ask('POST', path)) as unknown as Row;
    } catch (error) {
      return { server, error: explain(error) };
    } finally {
      left.delete(server);
    }
  };
  return withProgress(invocation, async (show) => {
    const ended = new AbortController();
    void showStates(gateway, left, { show, signal: ended.signal });
    return Promise.all(wanted.map(ask)).finally(() => ended.abort());
  });
}

interface Showing {
  readonly show: (server: string, message: string) => void;
  readonly signal: AbortSignal;
}

/** The answers come when all is done, so what is going on meanwhile is asked for beside them. */
async function showStates(gateway: AdminClient, left: ReadonlySet<string>, { show, signal }: Showing): Promise<void> {
  const pause = () =>
    setTimeout(ASK_EVERY_MS, undefined, { signal }).then(
      () => true,
      () => false,
    );
  while (await pause()) {
    const rows = await serversOf(gateway).catch(() => []);
    for (const { name, status } of rows)
      if (left.has(name) && UNDER_WAY.test(status)) show(name, status === 'ready' ? 'listing tools' : status);
  }
}

const ASK_EVERY_MS = 1_000;
const UNDER_WAY = /^(installing|starting|ready)\b/;

interface Row {
  readonly server: string;
  readonly tools?: number;
  readonly added?: readonly string[];
  readonly changed?: readonly string[];
  readonly removed?: readonly string[];
  readonly withheld?: readonly string[];
  readonly error?: string;
}

function toRow(server: string, result: Listed | GatewayError): Row {
  if (result instanceof GatewayError) return { server, error: explain(result) };
  return { server, tools: result.listing.toolCount, ...result.change };
}

function describe({ stdout, env }: Invocation, row: Row): string {
  if (row.error !== undefined) {
    const error = forEyes(row.error);
    const said = error.startsWith(`${row.server}: `) ? error : `${row.server}: ${error}`;
    return `${paint(stdout, 'red', 'failed', env)}  ${said}`;
  }
  const parts = [
    ['new', row.added],
    ['changed', row.changed],
    ['gone', row.removed],
    ['waiting for approval', row.withheld],
  ] as const;
  const change = parts.flatMap(([word, names]) => (names && names.length > 0 ? [`${names.length} ${word}`] : []));
  return `${paint(stdout, 'green', 'indexed', env)} ${row.server}: ${row.tools} ${row.tools === 1 ? 'tool' : 'tools'}${change.length > 0 ? ` (${change.join(', ')})` : ''}`;
}

function requireKnown(asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.filter((server) => !known.includes(server));
  if (unknown.length === 0) return;
  throw new GatewayError('SERVER_UNKNOWN', `no server is called ${unknown.map((name) => `"${name}"`).join(', ')}`, {
    hint: `the configuration has ${known.join(', ') || 'none'}`,
  });
}
