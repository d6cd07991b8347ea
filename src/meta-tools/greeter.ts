/**
 * Answers the opening of a legacy stdio client (initialize, initialized, ping, tools/list) from the menu alone, so that a
 * host sees its tools before the SDK and the rest of Tooldex are loaded. Whatever else comes ends the greeting; what was
 * answered is then replayed to the SDK, whose own answer to it is dropped. A test holds both answers equal.
 */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { Identity } from './identity.ts';
import { initializeResult, isInitialize, isRequestId } from './legacy-opening.ts';
import type { Menu } from './menu.ts';
import { listMenu } from './meta-offer.ts';

export type Greeting =
  /** Send `reply`, if there is one, and go on. */
  | { readonly kind: 'greeted'; readonly reply?: JsonObject; readonly hasMenu: boolean }
  /** This message is for the whole program. */
  | { readonly kind: 'pass' };

const PASS: Greeting = { kind: 'pass' };

export class Greeter {
  readonly #menu: Menu;
  readonly #identity: Identity;
  readonly #opening: string[] = [];
  #initializeId: Json | undefined;

  constructor(menu: Menu, identity: Identity) {
    this.#menu = menu;
    this.#identity = identity;
  }

  /** The messages that the SDK must be told as well, as they came. */
  get opening(): readonly string[] {
    return this.#opening;
  }

  /** The id of the one request among them. */
  get answeredId(): Json | undefined {
    return this.#initializeId;
  }

  greet(line: string): Greeting {
    const message = parse(line);
    if (message === undefined || message.jsonrpc !== '2.0') return PASS;
    if (message.method === 'initialize') return this.#initialize(message, line);
    if (this.#initializeId === undefined) return PASS;
    if (message.method === 'notifications/initialized') {
      this.#opening.push(line);
      return { kind: 'greeted', hasMenu: false };
    }
    return this.#answer(message);
  }

  #answer({ id, method, params }: JsonObject): Greeting {
    const reply = (result: JsonObject) => ({ jsonrpc: '2.0', id: id ?? null, result });
    if (!isRequestId(id)) return PASS;
    if (method === 'ping') return { kind: 'greeted', reply: reply({}), hasMenu: false };
    if (method !== 'tools/list' || (isObject(params) && params.cursor !== undefined)) return PASS;
    return { kind: 'greeted', reply: reply(listMenu(this.#menu)), hasMenu: true };
  }

  #initialize(message: JsonObject, line: string): Greeting {
    const { id, params } = message;
    if (this.#initializeId !== undefined || !isRequestId(id) || !isInitialize(params)) return PASS;
    this.#initializeId = id;
    this.#opening.push(line);
    const result = initializeResult({ identity: this.#identity, instructions: this.#menu.instructions }, params);
    return { kind: 'greeted', reply: { jsonrpc: '2.0', id, result }, hasMenu: false };
  }
}

function parse(line: string): JsonObject | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return isObject(message) ? (message as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
