/** What the gateway counts of itself, as Prometheus reads it; names follow the semantic conventions of OpenTelemetry for MCP. */
import { Counter, Gauge, Histogram, Registry as Series } from 'prom-client';
import { callCounter, callHistogram } from './call-series.ts';
import { clampNames, clampTools, remember, rememberTools } from './few-names.ts';

export interface MeasuredCall {
  readonly server: string;
  readonly tool: string;
  readonly door: string;
  /** `ok`, `tool_error` or the code of an error. */
  readonly outcome: string;
  readonly durationMs: number;
  /** The part of it that the upstream took. */
  readonly upstreamMs: number;
}

export interface MeasuredAnswer {
  /** Name of the meta-tool. */
  readonly tool: string;
  readonly errorCode: string | undefined;
  readonly durationMs: number;
  /** Estimated length of the answer. */
  readonly tokens: number;
}

export interface MeasuredSearch {
  readonly mode: string;
  readonly verdict: string;
  readonly isDegraded: boolean;
  readonly durationMs: number;
  /** Of each stage, milliseconds. */
  readonly stagesMs?: Readonly<Record<string, number>> | undefined;
}

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export interface Metrics {
  call(call: MeasuredCall): void;
  answer(answer: MeasuredAnswer): void;
  /** A client was given the three tools instead of a list of all of them: estimated tokens of both. */
  listed(shown: number, whole: number): void;
  search(search: MeasuredSearch): void;
  /** Kinds of the state that an instance of the server left and came into. */
  instance(server: string, from: string, to: string): void;
  reaped(processes: number): void;
  /** A request that the HTTP door turned away, by one of a few reasons. */
  refused(reason: string): void;
  /** A server that a caller brought, by what became of it, and how many wait for an admin now. */
  addition(outcome: string, waiting: number): void;
  /** A changed configuration file: `applied` or `refused`. */
  config(outcome: string): void;
  page(): Promise<MetricsPage>;
}

/** Tools told apart; those that come later are `other`, so that no upstream or caller can fill memory with names. */
const TOOLS_MAX = 200;
const SERVERS_MAX = 200;

const OPERATION_SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const OVERHEAD_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const STAGE_SECONDS = [0.0001, ...OVERHEAD_SECONDS];

export function createMetrics(version: string): Metrics {
  const series = new Series();
  const registers = [series];
  new Gauge({ name: 'tooldex_info', help: 'Always 1; says the version.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  addProcess(registers);
  const page = async () => ({ contentType: series.contentType, text: await series.metrics() });
  return {
    ...callSeries(series),
    ...answerSeries(series),
    ...searchSeries(registers),
    ...serverSeries(registers),
    ...doorSeries(registers),
    ...additionSeries(registers),
    page,
  };
}

type Registers = Series[];

function callSeries(register: Series): Pick<Metrics, 'call'> {
  const calls = callCounter({
    name: 'tooldex_calls_total',
    help: 'Calls to upstream tools by how they ended: ok, tool_error (the tool said so), or the code of an error.',
    register,
  });
  const errors = new Counter({
    name: 'tooldex_call_errors_total',
    help: 'Calls to upstream tools that failed, by code and by the door they came through.',
    labelNames: ['code', 'door'],
    registers: [register],
  });
  const upstream = callHistogram(
    {
      name: 'mcp_client_operation_duration_seconds',
      help: 'What upstream servers took for a call, their start not counted.',
      register,
    },
    OPERATION_SECONDS,
  );
  const own = callHistogram(
    {
      name: 'tooldex_call_overhead_seconds',
      help: "A call's time without the upstream's: the gateway's own, and waiting for a server to start.",
      register,
    },
    OVERHEAD_SECONDS,
  );
  const ofTool = rememberTools(clampTools({ tools: TOOLS_MAX, servers: SERVERS_MAX }), ({ server, tool }) => ({
    ended: remember((outcome) => calls.labels({ server, tool, outcome })),
    took: upstream.labels({ mcp_server_name: server, gen_ai_tool_name: tool }),
  }));
  const ownOf = remember((door) => own.labels({ door }));
  return {
    call(called) {
      const { door, outcome, durationMs, upstreamMs } = called;
      const { ended, took } = ofTool(called);
      ended(outcome).inc();
      if (outcome !== 'ok' && outcome !== 'tool_error') errors.inc({ code: outcome, door });
      if (upstreamMs > 0) took.observe(upstreamMs / 1_000);
      ownOf(door).observe(Math.max(0, durationMs - upstreamMs) / 1_000);
    },
  };
}

function answerSeries(register: Series): Pick<Metrics, 'answer' | 'listed'> {
  const operations = callHistogram(
    {
      name: 'mcp_server_operation_duration_seconds',
      help: 'Calls of the three meta-tools, from request to answer.',
      register,
    },
    OPERATION_SECONDS,
  );
  const tokens = callCounter({
    name: 'tooldex_answer_tokens_total',
    help: 'Estimated length of the answers of the meta-tools, in tokens.',
    register,
  });
  const saved = new Counter({
    name: 'tooldex_saved_tokens_total',
    help: 'Estimated tokens of the definitions that clients of /mcp did not get when they listed tools, less those of the three tools.',
    registers: [register],
  });
  const ofTool = remember((tool) => ({
    ended: remember((error_type) =>
      operations.labels({ mcp_method_name: 'tools/call', gen_ai_tool_name: tool, error_type }),
    ),
    answered: tokens.labels({ tool }),
  }));
  return {
    answer({ tool, errorCode, durationMs, tokens: length }) {
      const { ended, answered } = ofTool(tool);
      ended(errorCode ?? '').observe(durationMs / 1_000);
      answered.inc(length);
    },
    listed: (shown, whole) => saved.inc(Math.max(0, whole - shown)),
  };
}

function searchSeries(registers: Registers): Pick<Metrics, 'search'> {
  const searches = new Counter({
    name: 'tooldex_searches_total',
    help: 'Searches by mode, by how sure the answer was, and whether vectors were missing that should have helped.',
    labelNames: ['mode', 'verdict', 'degraded'],
    registers,
  });
  const seconds = new Histogram({
    name: 'tooldex_search_duration_seconds',
    help: 'The search engine alone, by mode.',
    labelNames: ['mode'],
    buckets: OVERHEAD_SECONDS,
    registers,
  });
  const stages = new Histogram({
    name: 'tooldex_search_stage_duration_seconds',
    help: 'Parts of the search engine: waiting for vectors, collecting words, ranking.',
    labelNames: ['stage'],
    buckets: STAGE_SECONDS,
    registers,
  });
  return {
    search({ mode, verdict, isDegraded, durationMs, stagesMs = {} }) {
      searches.inc({ mode, verdict, degraded: String(isDegraded) });
      seconds.observe({ mode }, durationMs / 1_000);
      for (const [stage, ms] of Object.entries(stagesMs)) stages.observe({ stage }, ms / 1_000);
    },
  };
}

function doorSeries(registers: Registers): Pick<Metrics, 'refused'> {
  const refused = new Counter({
    name: 'tooldex_refused_requests_total',
    help: 'Requests that the HTTP door turned away before any route saw them, by reason.',
    labelNames: ['reason'],
    registers,
  });
  return { refused: (reason) => refused.inc({ reason }) };
}

function additionSeries(registers: Registers): Pick<Metrics, 'addition'> {
  const additions = new Counter({
    name: 'tooldex_additions_total',
    help: 'Servers that callers brought, by outcome: added, asked, joined, replaced, approved, rejected, removed.',
    labelNames: ['outcome'],
    registers,
  });
  const pending = new Gauge({
    name: 'tooldex_additions_waiting',
    help: 'Servers that callers asked for and that wait for an admin, as of the last such request or decision here.',
    registers,
  });
  return {
    addition(outcome, waiting) {
      additions.inc({ outcome });
      pending.set(waiting);
    },
  };
}

function serverSeries(registers: Registers): Pick<Metrics, 'instance' | 'reaped' | 'config'> {
  const instances = new Gauge({
    name: 'tooldex_instances',
    help: 'Instances of upstream servers that are alive, by state.',
    labelNames: ['state'],
    registers,
  });
  const perServer = (name: string, help: string) => new Counter({ name, help, labelNames: ['server'], registers });
  const starts = perServer('tooldex_server_starts_total', 'Starts of upstream servers.');
  const restarts = perServer('tooldex_server_restarts_total', 'Starts that came after a failure or crash.');
  const failures = perServer('tooldex_server_failures_total', 'Failed starts and crashes of upstream servers.');
  const orphans = new Counter({
    name: 'tooldex_orphans_reaped_total',
    help: 'Processes ended at the start that a killed gateway had left behind.',
    registers,
  });
  const configs = new Counter({
    name: 'tooldex_config_reloads_total',
    help: 'Changes of the configuration file, by whether they were applied or refused.',
    labelNames: ['outcome'],
    registers,
  });
  const clamp = clampNames(SERVERS_MAX);
  const failed = new Set<string>();
  return {
    instance(given, from, to) {
      if (from === to) return;
      const server = clamp(given);
      if (LIVE.has(from)) instances.dec({ state: from });
      if (LIVE.has(to)) instances.inc({ state: to });
      if (LIVE.has(to) && !LIVE.has(from)) {
        starts.inc({ server });
        if (failed.delete(server)) restarts.inc({ server });
      }
      // Whoever means to stop an instance drains it first.
      if (LIVE.has(from) && !LIVE.has(to) && from !== 'draining') {
        failures.inc({ server });
        failed.add(server);
      }
    },
    reaped: (processes) => orphans.inc(processes),
    config: (outcome) => configs.inc({ outcome }),
  };
}

/** States in which there is a process, container or connection, or soon will be. */
const LIVE: ReadonlySet<string> = new Set(['installing', 'starting', 'ready', 'draining']);

/** Read when somebody asks; nothing is watched in between. */
function addProcess(registers: Registers): void {
  const started = Date.now() / 1_000 - process.uptime();
  const read: readonly [name: string, help: string, value: () => number][] = [
    ['process_resident_memory_bytes', 'Memory of the gateway itself.', () => process.memoryUsage.rss()],
    ['process_cpu_seconds_total', 'Processor time of the gateway itself.', cpuSeconds],
    ['process_start_time_seconds', 'When the gateway started, in Unix time.', () => started],
  ];
  for (const [name, help, value] of read) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
