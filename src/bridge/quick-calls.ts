/** The calls of a streamable HTTP connection that are posted by themselves, past the SDK's transport, which gets what is not plain. */
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JsonObject } from '../stdx/json.ts';
import { type ByteText, fromByteText } from '../stdx/json-cursor.ts';
import type { Post } from '../stdx/post.ts';
import type { HandedAnswer } from './handed-answer.ts';
import type { HandedAnswers } from './handed-answers.ts';
import type { Lingering } from './lingering.ts';
import { PostedCall, type PostedCallHost } from './posted-call.ts';
import { isJsonObject } from './rpc-message.ts';
import type { SendOptions, WireEvents } from './wire.ts';

export interface QuickWay {
  readonly post: Post;
  /** Of every request, as configured. */
  readonly headers: Readonly<Record<string, string>>;
  readonly handed: HandedAnswers;
}

type Transport = StreamableHTTPClientTransport;

export interface QuickCallsOptions extends QuickWay {
  /** A request over the transport on which it was begun, as any other is sent. */
  readonly send: (transport: Transport, message: JsonObject, options: SendOptions) => Promise<void>;
  readonly explain: (error: unknown) => Error;
  readonly tooLong: () => Error;
  readonly lingering: Lingering;
  readonly events: WireEvents;
}

export class QuickCalls implements PostedCallHost {
  readonly #options: QuickCallsOptions;
  readonly #calls = new Map<number, { readonly call: PostedCall; readonly transport: Transport }>();
  #known: { readonly session: string | undefined; readonly headers: readonly string[] } | undefined;

  constructor(options: QuickCallsOptions) {
    this.#options = options;
  }

  send(transport: Transport, line: ByteText, id: number): void {
    const request = { id, line, headers: [...this.#headers(transport)] };
    const call = new PostedCall(this, request);
    this.#calls.set(id, { call, transport });
    call.send(this.#options.post, request);
  }

  drop(id: number): void {
    this.#calls.get(id)?.call.drop();
    this.#calls.delete(id);
  }

  /** Somebody else has got the answer. */
  answeredElsewhere(id: unknown): void {
    if (this.#calls.size > 0 && typeof id === 'number') this.#calls.delete(id);
  }

  close(): void {
    for (const { call } of this.#calls.values()) call.drop();
    this.#calls.clear();
  }

  deliver(message: Buffer): boolean {
    const { events } = this.#options;
    if (events.line(message)) return true;
    const value = parseResult(message);
    return value !== undefined && events.message(value);
  }

  tell(message: Buffer): void {
    const value = tryJson(message);
    if (value !== undefined) this.#options.events.message(value);
  }

  handOver(call: PostedCall, answer: HandedAnswer | undefined): void {
    const { handed, send, events, explain } = this.#options;
    const transport = this.#calls.get(call.id)?.transport;
    if (!transport) return;
    const { id, stream } = call;
    const message = JSON.parse(fromByteText(call.line)) as JsonObject;
    if (answer) handed.put(JSON.stringify(message), answer);
    const onStreamEnd = () => {
      this.#calls.delete(id);
      events.streamEnded(id);
    };
    send(transport, message, { stream, onStreamEnd }).catch((error: unknown) => {
      this.#calls.delete(id);
      events.failed(id, explain(error));
    });
  }

  failed(call: PostedCall, error: unknown): void {
    const { events, explain } = this.#options;
    this.#calls.delete(call.id);
    events.failed(call.id, explain(error));
  }

  tooLong(): Error {
    return this.#options.tooLong();
  }

  answered(call: PostedCall): void {
    this.#options.lingering.add(call);
  }

  over(call: PostedCall): void {
    this.#options.lingering.delete(call);
    this.#calls.delete(call.id);
    this.#options.events.streamEnded(call.id);
  }

  /** As the SDK's transport makes them, for each session once. */
  #headers({ sessionId: session, protocolVersion }: Transport): readonly string[] {
    if (this.#known && this.#known.session === session) return this.#known.headers;
    const headers = new Headers(this.#options.headers);
    if (session !== undefined) headers.set('mcp-session-id', session);
    if (protocolVersion !== undefined) headers.set('mcp-protocol-version', protocolVersion);
    headers.set('content-type', 'application/json');
    const accepted = headers.get('accept')?.split(',') ?? [];
    const types = [...accepted.map((type) => type.trim().toLowerCase()), 'application/json', 'text/event-stream'];
    headers.set('accept', [...new Set(types)].join(', '));
    this.#known = { session, headers: [...headers].flat() };
    return this.#known.headers;
  }
}

/** Undefined for whatever else it may be, down to members that nobody knows. */
function parseResult(message: Buffer): JsonObject | undefined {
  const value = tryJson(message);
  const isPlain = isJsonObject(value) && Object.keys(value).length === 3 && value.jsonrpc === '2.0';
  return isPlain && typeof value.id === 'number' && isJsonObject(value.result) ? value : undefined;
}

function tryJson(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString('utf8'));
  } catch {
    return undefined;
  }
}
