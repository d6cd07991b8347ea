/** The part of the composition root that opens the pool: runtimes, ledger, eras, and how changes are told. */
import { join } from 'node:path';
import type { Catalog } from './catalog/catalog.ts';
import type { ConfiguredServers } from './catalog/configured-servers.ts';
import type { Config } from './config/config.ts';
import { WITHIN_VARIABLE, withinFor } from './config/nesting.ts';
import { explain } from './errors.ts';
import type { Observed } from './gateway-observed.ts';
import type { InstanceState, Pool } from './lifecycle/pool.ts';
import type { Log } from './observability/log.ts';
import { type LoopGuard, VIA_HEADER } from './policy/loop-guard.ts';
import { announcedRoots } from './runtimes/workspace/announced-roots.ts';
import { withWorkspaceOf } from './runtimes/workspace/principal-workspace.ts';
import { workspaceOf } from './runtimes/workspace/workspace-of.ts';

export interface PoolOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly version: string;
  readonly directory: ConfiguredServers;
  readonly catalog: Catalog;
  readonly observed: Pick<Observed, 'noteChange' | 'noteReaped' | 'noteLedger'>;
  readonly loop: LoopGuard;
  /** Number of the configuration in use. */
  readonly generation: () => number;
}

export interface OpenPool {
  readonly pool: Pool;
  close(): Promise<void>;
}

/** Nothing runs yet when it resolves, but what a killed gateway left behind is being ended. */
export async function openPool(options: PoolOptions): Promise<OpenPool> {
  const { config, env, log, version, directory, catalog, observed, loop, generation } = options;
  const [
    { createPool },
    { createLedger },
    { createEraStore },
    { createRuntime, createRuntimeContext },
    { redacting },
    { announcing },
    { tapping },
    { systemClock },
  ] = await Promise.all([
    import('./lifecycle/create-pool.ts'),
    import('./lifecycle/ledger.ts'),
    import('./lifecycle/era-store.ts'),
    import('./runtimes/create-runtime.ts'),
    import('./runtimes/redacting.ts'),
    import('./runtimes/announcing.ts'),
    import('./runtimes/tapping.ts'),
    import('./stdx/clock.ts'),
  ]);
  const ledgerFolder = join(config.dataDir, 'ledger');
  const { dataDir, tokenSecret, source } = config;
  const envOfServers = { ...env, [WITHIN_VARIABLE]: withinFor(config, env) };
  const runtimes = createRuntimeContext({
    dataDir,
    configFiles: [source.file, ...source.include],
    env: envOfServers,
    tokenSecret,
    generation,
    warn: (message) => log('warn', message),
  });
  const pool = createPool({
    servers: (name, principal) => {
      const known = directory.config(name);
      const server = known && withWorkspaceOf(known, principal);
      const workspace = workspaceOf(known, principal);
      const rootsFor = workspace && ((ofClient: readonly string[]) => announcedRoots(workspace, ofClient));
      if (!server) return undefined;
      const announced = announcing(createRuntime(server, runtimes), VIA_HEADER, () => loop.via(name));
      const say = (instance: string, line: string) => log('debug', `${name} (${instance}): ${line}`);
      const heard = log.has?.('debug') ? tapping(announced, { redact: config.redact, say }) : announced;
      return { ...server, rootsFor, runtime: redacting(heard, config.redact) };
    },
    instancesMax: config.maxInstances,
    startsMax: config.maxStarts,
    clock: systemClock,
    clientInfo: { name: 'tooldex', version },
    ledger: createLedger(ledgerFolder, (problem) => noteLedger(ledgerFolder, { log, observed, problem })),
    eraStore: createEraStore(catalog),
    onChange: (change) => {
      noteChange(log, change.server, [change.from, change.to]);
      observed.noteChange(change);
    },
  });
  void reapLeftovers(ledgerFolder, log).then(
    (ended) => observed.noteReaped(ended),
    (error) => log('warn', `what a killed gateway left behind cannot be looked for: ${explain(error)}`),
  );
  // Connecting removes containers of gateways that were killed; without an engine the servers themselves will say so.
  if (directory.names().some((name) => directory.config(name)?.runtime === 'container')) {
    void runtimes.engine.connect().catch(() => undefined);
  }
  const close = async () => {
    await pool.close();
    await runtimes.close();
  };
  return { pool, close };
}

/** Leases come and go by the hundred; what is worth a line is whether a server runs. Whoever failed tells the rest. */
function noteChange(log: Log, server: string, [from, to]: [InstanceState, InstanceState]): void {
  if (from.kind === to.kind) return;
  const [reason] = 'reason' in to ? to.reason.split('\n') : [];
  log('info', `${server} ${from.kind} -> ${to.kind}${reason === undefined ? '' : `: ${reason}`}`);
}

interface LedgerNews extends Pick<PoolOptions, 'log' | 'observed'> {
  readonly problem: string | undefined;
}

function noteLedger(folder: string, { log, observed, problem }: LedgerNews): void {
  observed.noteLedger(problem);
  if (problem === undefined) log('info', `running servers are noted in ${folder} again`);
  else {
    const meanwhile = 'servers start all the same, but if this process is killed some may not be found again';
    log(
      'error',
      `running servers cannot be noted in ${folder}: ${problem}; ${meanwhile}. Free space or make it writable`,
    );
  }
}

/** What a killed gateway left behind holds ports, locks and memory that its successors need. */
async function reapLeftovers(ledgerFolder: string, log: Log): Promise<number> {
  const { reap } = await import('./lifecycle/reap.ts');
  const ended = await reap(ledgerFolder);
  for (const { server, pid } of ended) {
    log('warn', `ended ${server} (pid ${pid}), left behind by a gateway that was killed`);
  }
  return ended.length;
}
