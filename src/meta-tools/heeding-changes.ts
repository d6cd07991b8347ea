/** A call to a tool, with an ear for a server that does not know it any more: the catalog should not stay behind the server. */
import type { ByteListener, ByteResult } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { GiveUp, MetaToolParts } from './parts.ts';
import { callUpstream, type UpstreamCall } from './upstream-call.ts';
import { type PassedCall, passUpstream } from './upstream-pass.ts';

/** As `callUpstream`. The server is listed again when it does not know the tool or its arguments. */
export async function callHeedingChanges(parts: MetaToolParts, call: UpstreamCall): Promise<JsonObject> {
  try {
    return await callUpstream(parts, call);
  } catch (error) {
    if (saysToolIsGone(error)) parts.discovery.noteChanged(call.server.name);
    throw error;
  }
}

/** `passUpstream` with the same ear. */
export function passHeedingChanges(
  parts: MetaToolParts,
  call: Omit<PassedCall, 'listener'> & { readonly listener: ByteListener },
): GiveUp {
  const { door, server, tool, params, principal, requestId, behalf, envelope, onProgress, onStart } = call;
  const listener = new Heeding(parts, server.name, call.listener);
  // biome-ignore format: without a spread, which leaves something old behind for each call
  return passUpstream(parts, { door, server, tool, params, principal, requestId, behalf, envelope, onProgress, onStart, listener });
}

class Heeding implements ByteListener {
  readonly #parts: MetaToolParts;
  readonly #server: string;
  readonly #listener: ByteListener;

  constructor(parts: MetaToolParts, server: string, listener: ByteListener) {
    this.#parts = parts;
    this.#server = server;
    this.#listener = listener;
  }

  bytes(result: ByteResult): void {
    this.#listener.bytes(result);
  }

  value(result: JsonObject): void {
    this.#listener.value(result);
  }

  failed(error: Error): void {
    if (saysToolIsGone(error)) this.#parts.discovery.noteChanged(this.#server);
    this.#listener.failed(error);
  }
}

/** Its tools have changed since they were listed, or its schema has. */
function saysToolIsGone(error: unknown): boolean {
  const rpc = error instanceof GatewayError && error.code === 'UPSTREAM_ERROR' ? error.data?.rpc : undefined;
  return isObject(rpc) && (rpc.code === -32601 || rpc.code === -32602);
}
