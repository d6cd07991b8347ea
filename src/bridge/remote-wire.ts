/** Messages over HTTP through the SDK's client transports, which know headers, event streams and resumption. */
import type { JSONRPCMessage, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { GatewayError } from '../errors.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { MODERN_VERSION } from './protocol-versions.ts';
import { httpStatusOf } from './server-errors.ts';
import type { SendOptions, Wire, WireEvents } from './wire.ts';

const CLOSE_SESSION_MS_MAX = 2000;

export type RemoteTransport = StreamableHTTPClientTransport | SSEClientTransport;

export class RemoteWire implements Wire {
  readonly hasStreamPerRequest: boolean;
  readonly #transport: RemoteTransport;
  readonly #server: string;
  readonly #events: WireEvents;
  #version: string | undefined;
  #isOpen = false;

  constructor(transport: RemoteTransport, server: string, events: WireEvents) {
    this.#transport = transport;
    this.#server = server;
    this.#events = events;
    this.hasStreamPerRequest = isStreamable(transport);
    transport.onmessage = (message: unknown) => void events.message(message);
    transport.onclose = () => this.#lose('was closed');
    transport.onerror = (error: Error) => this.#failed(error);
  }

  get cancelsByStream(): boolean {
    return this.hasStreamPerRequest && this.#version === MODERN_VERSION;
  }

  /** Opens the event stream where the transport has one. Rejects with UPSTREAM_ERROR. */
  async start(): Promise<void> {
    await this.#transport.start().catch((error: unknown) => Promise.reject(this.#explain(error)));
    this.#isOpen = true;
  }

  async send(message: JsonObject, options: SendOptions = {}): Promise<void> {
    try {
      const outgoing = message as unknown as JSONRPCMessage;
      if (!isStreamable(this.#transport)) return await this.#transport.send(outgoing);
      await this.#transport.send(outgoing, { requestSignal: options.signal, onRequestStreamEnd: options.onStreamEnd });
    } catch (error) {
      const explained = this.#explain(error);
      if (this.#isSessionLost(explained)) this.#lose('no longer knows this session');
      throw explained;
    }
  }

  useVersion(protocolVersion: string): void {
    this.#version = protocolVersion;
    // A modern request names its version itself; a header for all messages is the older way.
    if (protocolVersion !== MODERN_VERSION) this.#transport.setProtocolVersion(protocolVersion);
  }

  async close(reason: string): Promise<void> {
    this.#end(new GatewayError('SHUTTING_DOWN', `The connection to server "${this.#server}" was closed: ${reason}`));
    const transport = this.#transport;
    if (isStreamable(transport)) await inTime(transport.terminateSession());
    await transport.close().catch(() => {});
  }

  #failed(error: Error): void {
    // Requests report their own failures; the one stream of the old transport has nobody else to do it.
    if (this.#isOpen && !isStreamable(this.#transport)) this.#lose(`broke off: ${error.message}`);
  }

  #lose(how: string): void {
    if (!this.#isOpen) return;
    this.#end(
      new GatewayError('SERVER_CRASHED', `The connection to server "${this.#server}" ${how}`, {
        hint: 'The call was not repeated. Call again: the next call connects anew.',
        data: { stateLost: true },
      }),
    );
    void this.#transport.close().catch(() => {});
  }

  #end(reason: GatewayError): void {
    this.#isOpen = false;
    this.#events.ended(reason);
  }

  #isSessionLost(error: GatewayError): boolean {
    const transport = this.#transport;
    return isStreamable(transport) && transport.sessionId !== undefined && httpStatusOf(error) === 404;
  }

  #explain(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    const status = statusOf(error);
    const text = describe(error);
    const what = status === undefined ? `could not be reached: ${text}` : `answered with HTTP ${status}: ${text}`;
    return new GatewayError('UPSTREAM_ERROR', `Server "${this.#server}" ${what}`, {
      cause: error,
      hint: hintFor(status),
      data: status === undefined ? undefined : { httpStatus: status },
    });
  }
}

function isStreamable(transport: RemoteTransport): transport is StreamableHTTPClientTransport {
  return 'terminateSession' in transport;
}

/** The SDK says it as `status`, as `data.status`, as the `code` of an event stream, or as a class of its own. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'UnauthorizedError' || error.constructor.name === 'UnauthorizedError') return 401;
  const { status, data, code } = error as Error & { status?: unknown; data?: unknown; code?: unknown };
  const found = [status, isObject(data) ? data.status : undefined, code].find((value) => typeof value === 'number');
  return typeof found === 'number' && found >= 100 && found < 600 ? found : httpStatusInText(error.message);
}

function httpStatusInText(text: string): number | undefined {
  const found = /\(HTTP (\d{3})\)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** `fetch` hides what happened in the cause of "fetch failed". */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.slice(0, 500);
}

function hintFor(status: number | undefined): string {
  if (status === undefined) return 'Check its `url` and the network.';
  if (status === 401 || status === 403) return 'Give it valid credentials in `headers`.';
  if (status >= 500) return 'The server itself fails; try again later.';
  return 'Check its `url` and `transport`.';
}

async function inTime(work: Promise<void>): Promise<void> {
  const { promise, cancel } = timeLimit(CLOSE_SESSION_MS_MAX);
  await Promise.race([work.catch(() => {}), promise]);
  cancel();
}

function timeLimit(ms: number): { promise: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
