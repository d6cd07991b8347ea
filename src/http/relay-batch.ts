/** Batches, which 2025-03-26 had: several messages of a legacy client in one POST, answered on one stream. */
import { isRequestId } from '../meta-tools/legacy-opening.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { LegacyRequest } from './relay-legacy.ts';
import type { Reply } from './relay-reply.ts';

export interface Batch {
  readonly requests: readonly LegacyRequest[];
  /** Notifications, and answers to what the client was asked. */
  readonly told: readonly JsonObject[];
}

/** Undefined for one that is to be refused as a whole: empty, with something else than messages in it, or with an `initialize`. */
export function readBatch(messages: readonly unknown[]): Batch | undefined {
  const requests: LegacyRequest[] = [];
  const told: JsonObject[] = [];
  for (const message of messages) {
    if (!isObject(message) || message.jsonrpc !== '2.0') return undefined;
    const { id, method } = message as JsonObject;
    if (typeof method !== 'string' || id === undefined) told.push(message as JsonObject);
    else if (method === 'initialize' || !isRequestId(id)) return undefined;
    else requests.push({ id, method, params: paramsOf(message as JsonObject) });
  }
  return messages.length > 0 ? { requests, told } : undefined;
}

export function paramsOf({ params }: JsonObject): JsonObject {
  return isObject(params) ? (params as JsonObject) : {};
}

/** A reply to so many requests, of which the last to be answered ends it. */
export function sharedReply(count: number, reply: Reply): Reply {
  return count === 1 ? reply : new SharedReply(count, reply);
}

class SharedReply implements Reply {
  readonly #reply: Reply;
  #left: number;

  constructor(count: number, reply: Reply) {
    this.#left = count;
    this.#reply = reply;
  }

  get isResumable(): boolean {
    return this.#reply.isResumable;
  }

  send(message: JsonObject): void {
    this.#reply.send(message);
  }

  finish(message: JsonObject, status?: number): void {
    this.#left--;
    if (this.#left === 0) this.#reply.finish(message, status);
    else this.#reply.send(message);
  }
}
