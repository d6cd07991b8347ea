/** `tooldex index`: asks servers for their tools now, and tells what came of it. */
import type { Listed } from '../discovery/discovery.ts';
import { explain, GatewayError } from '../errors.ts';
import { type CommonFlags, type Invocation, paint, print, printJson } from './invocation.ts';
import { openGateway } from './open.ts';
import { withProgress } from './progress.ts';

export async function indexServers(
  invocation: Invocation,
  servers: readonly string[],
  flags: CommonFlags,
): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    const { directory, discovery } = await gateway.open();
    const unknown = servers.filter((server) => !directory.get(server));
    if (unknown.length > 0) throw unknownServers(unknown, directory.names());
    const wanted = servers.length > 0 ? servers : directory.names();
    const results = await withProgress(invocation, (onProgress) => discovery.listAll(wanted, { onProgress }));
    const rows = [...results].map(([server, result]) => toRow(server, result));
    if (flags.json) printJson(invocation, { servers: rows });
    else for (const row of rows) print(invocation, describe(invocation, row));
    return rows.every((row) => row.error === undefined) ? 0 : 1;
  } finally {
    await gateway.close();
  }
}

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
  if (row.error !== undefined) return `${paint(stdout, 'red', 'failed', env)}  ${row.server}: ${row.error}`;
  const parts = [
    ['new', row.added],
    ['changed', row.changed],
    ['gone', row.removed],
    ['waiting for approval', row.withheld],
  ] as const;
  const change = parts.flatMap(([word, names]) => (names && names.length > 0 ? [`${names.length} ${word}`] : []));
  return `${paint(stdout, 'green', 'indexed', env)} ${row.server}: ${row.tools} tools${change.length > 0 ? ` (${change.join(', ')})` : ''}`;
}

function unknownServers(unknown: readonly string[], known: readonly string[]): GatewayError {
  return new GatewayError('SERVER_UNKNOWN', `no server is called ${unknown.map((name) => `"${name}"`).join(', ')}`, {
    hint: `the configuration has ${known.join(', ') || 'none'}`,
  });
}
