/** A call to a tool, with an ear for what it says of the tools themselves: the catalog should not stay behind the server. */
import { GatewayError } from '../errors.ts';
import type { Lease } from '../lifecycle/pool.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { MetaToolParts } from './parts.ts';
import { callUpstream, type UpstreamCall } from './upstream-call.ts';

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

/** Its tools have changed since they were listed, or its schema has. */
function saysToolIsGone(error: unknown): boolean {
  const rpc = error instanceof GatewayError && error.code === 'UPSTREAM_ERROR' ? error.data?.rpc : undefined;
  return isObject(rpc) && (rpc.code === -32601 || rpc.code === -32602);
}
