/** The part of the composition root that puts another configuration into a running gateway. */
import type { ConfiguredServers } from './catalog/configured-servers.ts';
import type { Config, ServerConfig } from './config/config.ts';
import { describeReload, planReload, type ReloadPlan, refuseStaticChanges } from './config/plan-reload.ts';
import type { Discovery } from './discovery/discovery.ts';
import { explain } from './errors.ts';
import type { Pool } from './lifecycle/pool.ts';
import type { Log } from './observability/log.ts';
import { Turns } from './stdx/turns.ts';

export interface ConfigStatus {
  /** Counts the configurations that were in use, from 1. */
  readonly generation: number;
  /** Why the file is not in use as it is now; undefined when it is. */
  readonly problem: { readonly place: string; readonly text: string } | undefined;
  /** Reloads that were refused since the start. */
  readonly refusals: number;
}

/** What of an open gateway follows a reload. */
export interface Running {
  readonly pool: Pool;
  readonly discovery: Discovery;
  /** Servers that agents brought and that the configuration lets be. */
  readonly addedServers: (config: Config) => Promise<readonly ServerConfig[]>;
}

export interface LiveConfigOptions {
  readonly config: Config;
  readonly directory: ConfiguredServers;
  readonly log: Log;
  /** Undefined while nobody has opened the gateway. */
  readonly running: () => Promise<Running | undefined>;
}

/** The configuration in use; reloads take turns, and each is in use wholly or not at all. */
export class LiveConfig {
  readonly #options: LiveConfigOptions;
  #current: Config;
  #status: ConfigStatus = { generation: 1, problem: undefined, refusals: 0 };
  readonly #turns = new Turns(1);
  readonly #listeners = new Set<() => void>();

  constructor(options: LiveConfigOptions) {
    this.#options = options;
    this.#current = options.config;
  }

  get current(): Config {
    return this.#current;
  }

  get status(): ConfigStatus {
    return this.#status;
  }

  /** Told when another configuration is in use. */
  onReload(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Notes why a changed file is not in use; what was in use stays. */
  refuse(error: unknown): void {
    const { generation, refusals } = this.#status;
    const text = explain(error);
    this.#status = { generation, problem: { place: placeOf(error), text }, refusals: refusals + 1 };
    this.#options.log('error', `the configuration is not reloaded, generation ${generation} stays in use: ${text}`);
  }

  /** Resolves when new calls see the new servers; old ones are stopped after their calls. Throws CONFIG_INVALID. */
  reload(next: Config): Promise<ReloadPlan> {
    return this.inTurn(() => this.#reload(next));
  }

  /** Not while a reload goes on: for whoever else changes which servers there are, by what the configuration says. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turns.run(work);
  }

  async #reload(next: Config): Promise<ReloadPlan> {
    const { directory, log } = this.#options;
    const before = this.#current;
    const plan = planReload(before, next);
    refuseStaticChanges(plan);
    const running = await this.#options.running();
    const added = (await running?.addedServers(next)) ?? [];
    directory.replace([...next.servers.values(), ...added.filter(({ name }) => !next.servers.has(name))]);
    this.#current = next;
    this.#status = { ...this.#status, generation: this.#status.generation + 1, problem: undefined };
    log('info', `configuration reloaded, generation ${this.#status.generation}: ${describeReload(plan)}`);
    for (const warning of next.warnings) log('warn', warning);
    if (running) this.#retire(running, plan, before);
    for (const listener of this.#listeners) listener();
    return plan;
  }

  /** Calls under way may take as long as they might have without the reload; nothing waits for them. */
  #retire({ pool, discovery }: Running, { removed, changed }: ReloadPlan, before: Config): void {
    discovery.noteDirectory();
    const restarting = changed.filter(({ restarts }) => restarts).map(({ name }) => name);
    for (const name of [...removed, ...restarting]) {
      const graceMs = before.servers.get(name)?.callTotalTimeoutMs ?? 0;
      const onFailure = (error: unknown) => this.#options.log('warn', `${name} was not stopped: ${explain(error)}`);
      pool.stop(name, 'the configuration has changed', graceMs).catch(onFailure);
    }
  }
}

/** `line:column` of the first problem, behind its file, or the keys that cannot change; nothing that may be a secret. */
function placeOf(error: unknown): string {
  const [place] =
    error instanceof Error ? (/^\S+?:\d+:\d+(?=: )|^".+"(?= cannot change)/.exec(error.message) ?? []) : [];
  return place ?? 'the configuration';
}
