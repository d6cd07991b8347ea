/** A call to a tool, with an ear for what it says of the tools themselves: the catalog should not stay behind the server. */
import type { ByteListener, ByteResult, UpstreamSession } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import type { Lease } from '../lifecycle/pool.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { GiveUp, MetaToolParts } from './parts.ts';
import { callUpstream, type UpstreamCall } from './upstream-call.ts';
import { type PassedCall, passUpstream } from './upstream-pass.ts';

/** As `callUpstream`. The server is listed again when it announces changes meanwhile, or does not know the tool or its arguments. */
export async function callHeedingChanges(parts: MetaToolParts, call: UpstreamCall): Promise<JsonObject> {
  const noteChanged = () => parts.discovery.noteChanged(call.server.name);
  let stopListening = () => {};
  const onLease = ({ session }: Lease) => {
    stopListening = session.onNotification((method) => {
      if (method === 'notifications/tools/list_changed') noteChanged();
    });
  };
  try {
    const { door, server, tool, method, params, context, onStart, behalf, envelope } = call;
    // Without a spread, which leaves something old behind for each call.
    return await callUpstream(parts, {
      door,
      server,
      tool,
      method,
      params,
      context,
      onStart,
      onLease,
      behalf,
      envelope,
    });
  } catch (error) {
    if (saysToolIsGone(error)) noteChanged();
    throw error;
  } finally {
    stopListening();
  }
}

/** `passUpstream` with the same ear. */
export function passHeedingChanges(parts: MetaToolParts, call: Omit<PassedCall, 'onUpstream'>): GiveUp {
  const { door, server, tool, params, principal, requestId, behalf, envelope, onProgress, onStart, listener } = call;
  const heeding = new Heeding(parts, server.name, listener);
  const { onUpstream } = heeding;
  // biome-ignore format: without a spread, which leaves something old behind for each call
  return passUpstream(parts, { door, server, tool, params, principal, requestId, behalf, envelope, onProgress, onStart, onUpstream, listener: heeding });
}

class Heeding implements ByteListener {
  readonly #parts: MetaToolParts;
  readonly #server: string;
  readonly #listener: ByteListener;
  #stopListening: (() => void) | undefined;

  constructor(parts: MetaToolParts, server: string, listener: ByteListener) {
    this.#parts = parts;
    this.#server = server;
    this.#listener = listener;
  }

  /** Of the connection that counts last. */
  readonly onUpstream = (session: UpstreamSession) => {
    this.#stopListening?.();
    this.#stopListening = session.onNotification((method) => {
      if (method === 'notifications/tools/list_changed') this.#noteChanged();
    });
  };

  bytes(result: ByteResult): void {
    this.#stopListening?.();
    this.#listener.bytes(result);
  }

  value(result: JsonObject): void {
    this.#stopListening?.();
    this.#listener.value(result);
  }

  failed(error: Error): void {
    this.#stopListening?.();
    if (saysToolIsGone(error)) this.#noteChanged();
    this.#listener.failed(error);
  }

  #noteChanged(): void {
    this.#parts.discovery.noteChanged(this.#server);
  }
}

/** Its tools have changed since they were listed, or its schema has. */
function saysToolIsGone(error: unknown): boolean {
  const rpc = error instanceof GatewayError && error.code === 'UPSTREAM_ERROR' ? error.data?.rpc : undefined;
  return isObject(rpc) && (rpc.code === -32601 || rpc.code === -32602);
}
