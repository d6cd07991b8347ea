/** `/mcp`, `/mcp/<server>` and `/mcp/<profile>`: which endpoint a path is. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DoorBounds } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { ToolOffer } from '../meta-tools/tool-offer.ts';
import { type LoopGuard, VIA_HEADER } from '../policy/loop-guard.ts';
import type { Principal } from '../policy/principal.ts';
import { nearest } from '../stdx/nearest.ts';
import { refusesEncoding } from './content-encoding.ts';
import type { DirectBytes } from './direct-pass.ts';
import { KeptRoom } from './kept-room.ts';
import { createMcpEndpoint, type McpEndpoint } from './mcp-endpoint.ts';
import { createRelayEndpoint } from './relay-endpoint.ts';
import type { RelayTarget } from './relay-target.ts';
import type { Exchange, OfferFor, SdkLaneOptions } from './sdk-lane.ts';

export interface McpParts {
  /** What is behind `/mcp`. */
  readonly meta: (principal: Principal) => ToolOffer;
  /** What is behind `/mcp/<server>`, asked for at each request; undefined when there is no such server for this principal. */
  readonly direct: (server: string, principal: Principal) => DirectDoor | undefined;
  /** What is behind `/mcp/<profile>`, asked for at each request; undefined when there is no such profile for this principal. */
  readonly profile: (name: string, principal: Principal) => ToolOffer | undefined;
  /** The servers that `/mcp/<profile>` may lead to; undefined when there is no such profile. */
  readonly profileServers: (name: string) => readonly string[] | undefined;
  /** A client of `/mcp/<server>` is gone. */
  readonly onSessionEnd: (session: string) => void;
  readonly bounds: Pick<DoorBounds, 'sessionTimeoutMs'>;
  readonly serverNames: (principal: Principal) => readonly string[];
  readonly loop: LoopGuard;
}

export interface DirectDoor {
  /** For plain calls of tools. */
  offer(session?: string): ToolOffer;
  /** The same, for those that need not be parsed. */
  readonly bytes: DirectBytes;
  /** For everything else. */
  readonly target: RelayTarget;
}

export class McpRoutes {
  readonly #parts: McpParts;
  readonly #options: SdkLaneOptions;
  readonly #endpoints = new Map<string, McpEndpoint>();
  readonly #room = new KeptRoom();

  constructor(parts: McpParts, options: SdkLaneOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  addTo(app: FastifyInstance): void {
    app.all('/mcp', (request, reply) =>
      this.#isLoop(request) ? refuseLoop(reply, '/mcp') : this.#hijack(this.#metaEndpoint(), request, reply),
    );
    const handler = (request: FastifyRequest<{ Params: { server: string } }>, reply: FastifyReply) => {
      const { server } = request.params;
      const endpoint = this.#endpoint(server, request.principal);
      if (!endpoint) return reply.code(404).send({ error: this.#unknownServer(server, request.principal) });
      if (this.#isLoop(request as FastifyRequest, server)) return refuseLoop(reply, `/mcp/${server}`);
      return this.#hijack(endpoint, request as FastifyRequest, reply);
    };
    for (const path of ['/mcp/:server', '/mcp/:server/sse', '/mcp/:server/messages']) app.all(path, handler);
  }

  /** What is posted to `/mcp` or `/mcp/<name>`; false when there is no such endpoint for this principal. */
  serve(name: string | undefined, exchange: Exchange): boolean {
    const endpoint = name === undefined ? this.#metaEndpoint() : this.#endpoint(name, exchange.principal);
    if (endpoint) void this.#serve(endpoint, exchange);
    return endpoint !== undefined;
  }

  /** True for what is at no address of a server or profile, too. */
  isThere(url: string, principal: Principal): boolean {
    const name = nameIn(url);
    return name === undefined || this.#endpoint(name, principal) !== undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.close()));
  }

  #isLoop({ headers }: FastifyRequest, name?: string): boolean {
    const via = headers[VIA_HEADER];
    if (via === undefined) return false;
    const { loop, profileServers } = this.#parts;
    const servers = name === undefined ? undefined : profileServers(name);
    return !(servers ? loop.admitsToAny(servers, String(via)) : loop.admits(name, String(via)));
  }

  #hijack(endpoint: McpEndpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.#serve(endpoint, { request: request.raw, response: reply.raw, principal: request.principal });
  }

  #serve(endpoint: McpEndpoint, exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    // Its client went away while it was found out who it is; nobody says so once more.
    if (response.destroyed || refusesEncoding(request, response)) return Promise.resolve();
    return endpoint.handle(exchange).catch((error: Error) => {
      this.#options.onError(error);
      response.destroy();
    });
  }

  #metaEndpoint(): McpEndpoint {
    return this.#endpointFor('', () => createMcpEndpoint(this.#parts.meta, this.#options));
  }

  #endpoint(name: string, principal: Principal): McpEndpoint | undefined {
    if (this.#parts.profile(name, principal))
      return this.#endpointFor(`profile:${name}`, () => createMcpEndpoint(this.#profileOffer(name), this.#options));
    if (!this.#parts.direct(name, principal)) return undefined;
    return this.#endpointFor(name, () => this.#relay(name));
  }

  #endpointFor(key: string, create: () => McpEndpoint): McpEndpoint {
    const known = this.#endpoints.get(key);
    if (known) return known;
    const endpoint = create();
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  #relay(server: string): McpEndpoint {
    const door = (principal: Principal) => {
      const direct = this.#parts.direct(server, principal);
      if (!direct) throw new GatewayError('SERVER_UNKNOWN', this.#unknownServer(server, principal));
      return direct;
    };
    return createRelayEndpoint({
      ...this.#options,
      offer: (principal, session) => door(principal).offer(session),
      target: (principal) => door(principal).target,
      bytes: (principal) => door(principal).bytes,
      onSessionEnd: this.#parts.onSessionEnd,
      sessionTimeoutMs: this.#parts.bounds.sessionTimeoutMs,
      room: this.#room,
    });
  }

  #profileOffer(name: string): OfferFor {
    return (principal) => {
      const offer = this.#parts.profile(name, principal);
      if (!offer) throw new GatewayError('SERVER_UNKNOWN', this.#unknownServer(name, principal));
      return offer;
    };
  }

  #unknownServer(server: string, principal: Principal): string {
    const names = this.#parts.serverNames(principal);
    const near = nearest(server, names);
    const remedy = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${names.slice(0, 20).join(', ')}`;
    return `no server is called "${server}"; ${remedy}`;
  }
}

/** RFC 5842, section 7.2. */
function refuseLoop(reply: FastifyReply, path: string): FastifyReply {
  const error = `a ring: this request has come from ${path} of this very gateway, through the URL of one of its servers`;
  return reply.code(508).send({ error });
}

/** As the router reads it, which decodes it. */
function nameIn(url: string): string | undefined {
  const [, name] = /^\/mcp\/([^/?]+)/.exec(url) ?? [];
  try {
    return name && decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
