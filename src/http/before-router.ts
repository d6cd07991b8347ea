/**
 * The short way of calls: what is plainly posted to an MCP endpoint passes the same guards and goes there at once. The router, its
 * hooks and objects would find the same endpoint and cost more than the rest of a call; they get everything else.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { VIA_HEADER } from '../policy/loop-guard.ts';
import type { Access } from './access.ts';
import type { Door } from './door.ts';
import type { Drain } from './drain.ts';
import { hasTwoHosts, refuseTwoHosts } from './host-header.ts';
import { inTurn } from './in-turn.ts';
import type { McpRoutes } from './mcp-routes.ts';
import { requestNamer, sayRequestId } from './request-id.ts';
import { type Watched, type WatchGranted, watchGranted } from './watch-granted.ts';

export class BeforeRouter {
  readonly #door: Door;
  readonly #mcp: McpRoutes;
  readonly #watch: WatchGranted | undefined;
  #drain: Drain | undefined;
  readonly #name: ReturnType<typeof requestNamer>;
  /** Of those that the router got after all: asking twice would count a wrong credential twice. */
  readonly #asked = new WeakMap<IncomingMessage, Access | Promise<Access>>();

  constructor(door: Door, mcp: McpRoutes) {
    this.#door = door;
    this.#mcp = mcp;
    this.#name = requestNamer(door.isFromProxy);
    const calls = () => this.#drain?.underWay() ?? [];
    const isThere: Watched['isThere'] = ({ url = '' }, principal) => mcp.isThere(url, principal);
    this.#watch = door.askAgain && watchGranted({ authenticate: door.askAgain, calls, isThere });
  }

  /** Once, when the router listens to the server's requests. `drain` is told of each of them. */
  watch(server: Server, drain: Drain): void {
    this.#drain = drain;
    const [route] = server.listeners('request');
    const take = inTurn((request, response) => {
      const call = drain.begun(request, response);
      this.#name(request, response);
      if (hasTwoHosts(request)) return refuseTwoHosts(response);
      if (this.#takes(request, response)) {
        if (call) call.isGranted = true;
        else this.granted(response);
        return;
      }
      sayRequestId(response);
      route?.call(server, request, response);
    });
    server.removeAllListeners('request').on('request', take);
  }

  /** For the router's own guard. */
  access(request: IncomingMessage): Access | Promise<Access> {
    return this.#asked.get(request) ?? this.#door.authenticate(request);
  }

  /** For the router's own guard, too: what is answered to somebody ends when he would not be let in any more. */
  granted(response: ServerResponse): void {
    this.#watch?.add(response);
  }

  close(): void {
    this.#watch?.close();
  }

  /** Whoever is let in is served; the router answers everybody else. */
  #takes(request: IncomingMessage, response: ServerResponse): boolean {
    const path = isPlainPost(request) ? PATH.exec(request.url ?? '') : null;
    if (!path || this.#door.refusal(request.headers) !== undefined) return false;
    const access = this.#door.authenticate(request);
    const isIn = !(access instanceof Promise) && access.kind === 'granted';
    const isServed = isIn && this.#mcp.serve(path[1], { request, response, principal: access.principal });
    if (!isServed) this.#asked.set(request, access);
    return isServed;
  }
}

/** Nothing in it that the router would decode, cut off or refuse. */
const PATH = /^\/mcp(?:\/([\w.-]{1,100}))?$/;
const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;

/** Not from another gateway, which may be a part of a ring. */
const isPlainPost = ({ method, headers }: IncomingMessage) =>
  method === 'POST' && JSON_TYPE.test(headers['content-type'] ?? '') && headers[VIA_HEADER] === undefined;
