/** What `/mcp/<server>` serves: the tools of one upstream server, passed through as they are. */
import type { KnownServer } from '../catalog/server-directory.ts';
import type { Identity } from '../meta-tools/identity.ts';
import type { CallContext, MetaToolParts } from '../meta-tools/parts.ts';
import { type ToolOffer, unknownTool, withoutProgressToken } from '../meta-tools/tool-offer.ts';
import { callUpstream } from '../meta-tools/upstream-call.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { shownTools, usableTools } from './usable-tools.ts';

export interface DirectOfferOptions {
  /** Said of a server that was never listed. */
  readonly identity: Identity;
  /** Of the client whose calls these are, for servers with `scope: session`. */
  readonly session?: string | undefined;
}

/** Says who it is and what it has from the catalog while the server sleeps; the first call starts it. */
export function createDirectOffer(parts: MetaToolParts, known: KnownServer, about: DirectOfferOptions): ToolOffer {
  return new DirectOffer(parts, known, about);
}

/** A class, because each object literal with a getter costs a hidden class, which lives until the next full collection. */
class DirectOffer implements ToolOffer {
  readonly listTtlMs = 0;
  readonly #parts: MetaToolParts;
  readonly #known: KnownServer;
  readonly #about: DirectOfferOptions;

  constructor(parts: MetaToolParts, known: KnownServer, about: DirectOfferOptions) {
    this.#parts = parts;
    this.#known = known;
    this.#about = about;
  }

  get identity(): Identity {
    return (this.#listing?.serverInfo as unknown as Identity | undefined) ?? this.#about.identity;
  }

  get instructions(): string | undefined {
    return this.#listing?.instructions;
  }

  list(params: JsonObject, context: CallContext): Promise<JsonObject> {
    return listTools(this.#parts, this.#known, { params, context, session: this.#about.session });
  }

  call(params: JsonObject, context: CallContext): Promise<JsonObject> {
    return callTool(this.#parts, this.#known, { params, context, session: this.#about.session });
  }

  get #listing() {
    return this.#parts.catalog.listing(this.#known.name);
  }
}

interface Request {
  readonly params: JsonObject;
  readonly context: CallContext;
  readonly session?: string | undefined;
}

/** From the running server page by page; from the catalog, whole, while it sleeps. */
async function listTools(
  parts: MetaToolParts,
  known: KnownServer,
  { params, context, session }: Request,
): Promise<JsonObject> {
  const isUsable = usableTools(parts.catalog, known);
  const isVisible = (tool: Json) => isObject(tool) && isUsable(String(tool.name));
  if (parts.pool.state(known.name).kind === 'ready') {
    const page = await request(parts, known, { method: 'tools/list', params: cursorOf(params), context, session });
    return { ...page, tools: shownTools(known, parts.approved.sift(known, page.tools)).filter(isVisible) };
  }
  await parts.discovery.ensureListed(known.name, { signal: context.signal });
  const tools = parts.catalog.tools(known.name).map((tool) => tool.definition as unknown as Json);
  return { tools: tools.filter(isVisible) };
}

const cursorOf = ({ cursor }: JsonObject): JsonObject => (typeof cursor === 'string' ? { cursor } : {});

async function callTool(
  parts: MetaToolParts,
  known: KnownServer,
  { params, context, session }: Request,
): Promise<JsonObject> {
  const name = String(params.name ?? '');
  const isUsable = usableTools(parts.catalog, known);
  if (!isUsable(name)) throw unknownTool(name, parts.catalog.toolNames(known.name).filter(isUsable));
  return request(parts, known, { method: 'tools/call', params: withoutProgressToken(params), context, session });
}

interface UpstreamRequest extends Request {
  readonly method: string;
}

async function request(
  parts: MetaToolParts,
  known: KnownServer,
  { method, params, context, session }: UpstreamRequest,
): Promise<JsonObject> {
  const tool = method === 'tools/call' ? String(params.name) : method;
  return callUpstream(parts, {
    door: 'direct',
    server: known,
    tool,
    method,
    params,
    context,
    behalf: session === undefined ? undefined : { session },
  });
}
