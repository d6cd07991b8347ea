/** A transport that knows which requests still wait for their answer, so that a client which has said all it wants gets all of them. */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';

export interface AnsweringTransport extends Transport {
  /** Resolves when every request that has come so far was answered or cancelled. */
  answered(): Promise<void>;
}

/** `onLegacy` is told when an `initialize` was answered, which only clients of the legacy versions send. */
export function answeringTransport(inner: Transport, onLegacy: () => void = () => {}): AnsweringTransport {
  const open = new Set<unknown>();
  let opening: unknown;
  let onAnswered = () => {};
  const close = (id: unknown) => {
    if (open.delete(id) && open.size === 0) onAnswered();
  };
  const outer: AnsweringTransport = {
    start: () => inner.start(),
    close: () => inner.close(),
    send: async (message, options) => {
      await inner.send(message, options);
      if (!('method' in message)) close(message.id);
      if ('result' in message && message.id === opening) onLegacy();
    },
    answered: () =>
      new Promise((resolve) => {
        onAnswered = resolve;
        if (open.size === 0) resolve();
      }),
  };
  inner.onmessage = (message: JSONRPCMessage, extra) => {
    if (isRequest(message)) open.add(message.id);
    if (isRequest(message) && message.method === 'initialize') opening = message.id;
    outer.onmessage?.(message, extra);
    // Whoever cancels is not answered.
    if ('method' in message && message.method === 'notifications/cancelled') close(message.params?.requestId);
  };
  inner.onclose = () => outer.onclose?.();
  inner.onerror = (error) => outer.onerror?.(error);
  return outer;
}

const isRequest = (message: JSONRPCMessage): message is JSONRPCMessage & { id: string | number; method: string } =>
  'method' in message && 'id' in message;
