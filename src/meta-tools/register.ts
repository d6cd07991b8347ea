/** The one wrapper around every meta-tool: names and aliases, log line, error to result. */
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { addMcpServer } from './add-mcp-server.ts';
import type { CallContext, MetaTool, MetaToolParts } from './parts.ts';
import { searchMcpServer } from './search-mcp-server.ts';
import { useTool } from './use-tool.ts';
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

export function registerMetaTools(
  parts: () => Promise<MetaToolParts>,
  note: (record: CallRecord) => void,
): MetaToolCalls {
  const viewOf = rememberViews();
  return {
    call(name, given, context) {
      const canonical = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
      const tool = canonical !== undefined && Object.hasOwn(META_TOOLS, canonical) ? META_TOOLS[canonical] : undefined;
      if (canonical === undefined || !tool) return undefined;
      return guarded(canonical, { tool, parts, viewOf, given, context, note });
    },
  };
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

function textOf({ content }: JsonObject): string {
  const blocks = Array.isArray(content) ? content : [];
  return blocks.map((block) => (isObject(block) && typeof block.text === 'string' ? block.text : '')).join('\n');
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
