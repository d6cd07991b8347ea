/** A transport that knows which requests still wait for their answer, so that a client which has said all it wants gets all of them. */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import type { Json } from '../stdx/json.ts';

export interface AnsweringTransport extends Transport {
  /** Resolves when every request that has come so far was answered or cancelled. */
  answered(): Promise<void>;
}

export interface Opening {
  /** Of an `initialize` that somebody else has answered: nothing is sent for it. */
  readonly answeredId?: Json | undefined;
  /** Told when an `initialize` was answered, which only clients of the legacy versions send. */
  readonly onLegacy?: () => void;
}

export function answeringTransport(
  inner: Transport,
  { answeredId: given, onLegacy }: Opening = {},
): AnsweringTransport {
  const open = new Set<unknown>();
  let opening: unknown;
  let answeredId = given;
  let onAnswered = () => {};
  const close = (id: unknown) => {
    if (open.delete(id) && open.size === 0) onAnswered();
  };
  const outer: AnsweringTransport = {
    start: () => inner.start(),
    close: () => inner.close(),
    send: async (message, options) => {
      const isOpening = 'result' in message && opening !== undefined && message.id === opening;
      if (!isOpening || message.id !== answeredId) await inner.send(message, options);
      if (!('method' in message)) close(message.id);
      if (!isOpening) return;
      opening = undefined;
      answeredId = undefined;
      onLegacy?.();
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
