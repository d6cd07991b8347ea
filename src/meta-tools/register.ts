/** The one wrapper around every meta-tool: names and aliases, log line, error to result. */
import type { ByteListener, ByteResult } from '../bridge/upstream-session.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { addMcpServer } from './add-mcp-server.ts';
import type { CallContext, GiveUp, MetaTool, MetaToolParts, PassedBy } from './parts.ts';
import { searchMcpServer } from './search-mcp-server.ts';
import { textOf, textOfBytes } from './text-of-result.ts';
import { useTool } from './use-tool.ts';
import { passUseTool } from './use-tool-pass.ts';
import { rememberViews, type ViewOf } from './view.ts';

/** What one call was, for logs and metrics. */
export interface CallRecord {
  readonly tool: string;
  readonly durationMs: number;
  readonly error: GatewayError | undefined;
  readonly principal: Principal;
  readonly requestId?: string | undefined;
  /** The texts of the answer, for whoever wants to know how long it was. */
  text(): string;
}

export interface MetaToolCalls {
  /** Undefined when there is no such tool; never rejects: failures become results that an agent can act on. */
  call(name: string, given: unknown, context: CallContext): Promise<JsonObject> | undefined;
  /** `call` for whoever takes results as bytes, which never fails either. Undefined, and nothing is begun, where only `call` will do. */
  pass(name: string, given: unknown, by: PassedBy): GiveUp | undefined;
}

/** Where the parts are, for whoever waits until they are opened and for whoever does not. */
export interface PartsSource {
  open(): Promise<MetaToolParts>;
  /** Undefined until they are open. */
  now(): MetaToolParts | undefined;
}

const META_TOOLS: Readonly<Record<string, MetaTool>> = {
  search_mcp_server: searchMcpServer,
  add_mcp_server: addMcpServer,
  use_tool: useTool,
};

/** The spellings of nacos-mcp-router's two editions. */
const ALIASES: Readonly<Record<string, string>> = {
  SearchMcpServer: 'search_mcp_server',
  AddMcpServer: 'add_mcp_server',
  UseTool: 'use_tool',
};

export function registerMetaTools(parts: PartsSource, note: (record: CallRecord) => void): MetaToolCalls {
  const viewOf = rememberViews();
  return {
    call(name, given, context) {
      const canonical = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
      const tool = canonical !== undefined && Object.hasOwn(META_TOOLS, canonical) ? META_TOOLS[canonical] : undefined;
      if (canonical === undefined || !tool) return undefined;
      return guarded(canonical, { tool, parts: parts.open, viewOf, given, context, note });
    },
    pass(name, given, by) {
      const now = name === PASSED || ALIASES[name] === PASSED ? parts.now() : undefined;
      return now && new RecordedCall(by, note).pass(viewOf(now, by.principal), given);
    },
  };
}

const PASSED = 'use_tool';

/** What `guarded` does for calls that are waited for. */
class RecordedCall implements ByteListener {
  readonly #startedMs = performance.now();
  readonly #by: PassedBy;
  readonly #note: (record: CallRecord) => void;
  #isGivenUp = false;

  constructor(by: PassedBy, note: (record: CallRecord) => void) {
    this.#by = by;
    this.#note = note;
  }

  pass(parts: MetaToolParts, given: unknown): GiveUp | undefined {
    const { principal, requestId, onProgress, meta } = this.#by;
    const giveUp = passUseTool(parts, given, { principal, requestId, onProgress, meta, listener: this });
    if (!giveUp) return undefined;
    return (reason) => {
      this.#isGivenUp = true;
      giveUp(reason);
    };
  }

  bytes(result: ByteResult): void {
    this.#record(() => textOfBytes(result.result));
    this.#by.listener.bytes(result);
  }

  value(result: JsonObject): void {
    this.#record(() => textOf(result));
    this.#by.listener.value(result);
  }

  failed(thrown: Error): void {
    const error = this.#isGivenUp ? cancelled(thrown) : toGatewayError(thrown);
    const result = errorResult(error);
    this.#record(() => textOf(result), error);
    this.#by.listener.value(result);
  }

  #record(text: () => string, error?: GatewayError): void {
    const { principal, requestId } = this.#by;
    const durationMs = performance.now() - this.#startedMs;
    this.#note({ tool: PASSED, durationMs, error, principal, requestId, text });
  }
}

interface GuardedCall {
  readonly tool: MetaTool;
  readonly parts: () => Promise<MetaToolParts>;
  readonly viewOf: ViewOf;
  readonly given: unknown;
  readonly context: CallContext;
  readonly note: (record: CallRecord) => void;
}

async function guarded(name: string, { tool, parts, viewOf, given, context, note }: GuardedCall): Promise<JsonObject> {
  const startedMs = performance.now();
  const { principal, requestId } = context;
  const record = (result: JsonObject, error?: GatewayError) => {
    const durationMs = performance.now() - startedMs;
    note({ tool: name, durationMs, error, principal, requestId, text: () => textOf(result) });
    return result;
  };
  try {
    return record(
      await tool(viewOf(await parts(), context.principal), isObject(given) ? (given as JsonObject) : {}, context),
    );
  } catch (thrown) {
    const error = context.signal.aborted ? cancelled(thrown) : toGatewayError(thrown);
    return record(errorResult(error), error);
  }
}

const cancelled = (cause: unknown) => new GatewayError('CALL_CANCELLED', 'the caller gave up waiting', { cause });

/** Where the code of a failure of ours stands in a result, for programs. */
export const ERROR_CODE_KEY = 'tooldex/code';

/** Where a result says in how many milliseconds to try again. */
const RETRY_AFTER_KEY = 'tooldex/retryAfterMs';

function errorResult({ code, message, hint, retryAfterMs }: GatewayError): JsonObject {
  const later: JsonObject = retryAfterMs === undefined ? {} : { [RETRY_AFTER_KEY]: retryAfterMs };
  const text = `${code}: ${message}${hint ? `\nhint: ${hint}` : ''}`;
  return { content: [{ type: 'text', text }], isError: true, _meta: { [ERROR_CODE_KEY]: code, ...later } };
}
