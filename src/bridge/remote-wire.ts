/** Messages over HTTP through the SDK's client transports, which know headers, event streams and resumption. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JSONRPCMessage, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { ByteText } from '../stdx/json-cursor.ts';
import { SingleFlight } from '../stdx/single-flight.ts';
import { AnswerStreams } from './answer-streams.ts';
import { Lingering } from './lingering.ts';
import { MODERN_VERSION } from './protocol-versions.ts';
import { QuickCalls, type QuickWay } from './quick-calls.ts';
import { explainRemote, statusOf } from './remote-errors.ts';
import { httpStatusOf, tooLong } from './server-errors.ts';
import type { SendOptions, Wire, WireEvents } from './wire.ts';

const CLOSE_SESSION_MS_MAX = 2000;
const HANDSHAKE_MS_MAX = 15_000;
/** Asking these twice changes nothing; a tool may have done its work although no answer came. */
const SAFE_METHODS: readonly unknown[] = [
  'ping',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/get',
  'completion/complete',
];
/** The specification wants 404 of a server that does not know a session; the SDK's own examples, and so many servers, say 400. */
const UNKNOWN_SESSION =
  /\b(?:no|invalid|unknown|missing|expired)\b[^.]{0,30}\bsession\b|\bsession\b[^.]{0,30}\b(?:not found|not valid|unknown|invalid|expired|closed|missing|does not exist)\b/i;
const RETRY_DELAYS_MS = [150, 600];

export type RemoteTransport = StreamableHTTPClientTransport | SSEClientTransport;

export interface RemoteWireOptions {
  readonly server: string;
  readonly clock: Clock;
  /** Another transport to the same address, not started. */
  readonly connect: () => Promise<RemoteTransport>;
  /** Absent where everything goes through the transports. */
  readonly quick?: QuickWay | undefined;
}

export class RemoteWire implements Wire {
  readonly hasStreamPerRequest: boolean;
  readonly #connect: () => Promise<RemoteTransport>;
  readonly #renewals = new SingleFlight<'session', void>();
  #transport: RemoteTransport;
  /** Transports whose session was forgotten; answers may still come on them. */
  readonly #former: RemoteTransport[] = [];
  #initialize: JsonObject | undefined;
  readonly #server: string;
  readonly #events: WireEvents;
  readonly #lingering: Lingering;
  readonly #streams: AnswerStreams;
  readonly #quick: QuickCalls | undefined;
  /** Modern requests have more in their headers. */
  sendLine: Wire['sendLine'];
  #version: string | undefined;
  #isOpen = false;

  constructor(transport: RemoteTransport, { server, clock, connect, quick }: RemoteWireOptions, events: WireEvents) {
    this.#transport = transport;
    this.#connect = connect;
    this.#server = server;
    this.#events = events;
    this.hasStreamPerRequest = isStreamable(transport);
    this.#lingering = new Lingering(clock);
    this.#streams = new AnswerStreams(this.#lingering);
    const send = this.#sendOn.bind(this);
    const explain = (error: unknown) => explainRemote(server, error);
    this.#quick =
      quick && isStreamable(transport)
        ? new QuickCalls({
            ...quick,
            send,
            explain,
            tooLong: () => tooLong(server),
            lingering: this.#lingering,
            events,
          })
        : undefined;
    this.#listen(transport);
  }

  get cancelsByStream(): boolean {
    return this.hasStreamPerRequest && this.#version === MODERN_VERSION;
  }

  /** Opens the event stream where the transport has one. Rejects with UPSTREAM_ERROR. */
  async start(): Promise<void> {
    await this.#transport.start().catch((error: unknown) => Promise.reject(explainRemote(this.#server, error)));
    this.#isOpen = true;
  }

  async send(message: JsonObject, options: SendOptions = {}): Promise<void> {
    if (message.method === 'initialize') this.#initialize = message;
    await this.#sendOn(this.#transport, message, options);
  }

  dropLine(id: number): void {
    this.#quick?.drop(id);
    this.#streams.over(id);
  }

  /** The event stream that answers this request, or the one for all, had a message that is too long to be read. */
  brokeOff(request: unknown): void {
    const error = tooLong(this.#server);
    const { id, method } = typeof request === 'string' ? (JSON.parse(request) as JsonObject) : {};
    // An answer of ours has an id of the server's.
    if (typeof id === 'number' && method !== undefined) {
      this.#events.failed(id, error);
      this.#streams.leave(id);
    } else if (!isStreamable(this.#transport)) this.#loseBy(error);
  }

  useVersion(protocolVersion: string): void {
    this.#version = protocolVersion;
    // A modern request names its version itself; a header for all messages is the older way.
    if (protocolVersion === MODERN_VERSION) return;
    this.#transport.setProtocolVersion(protocolVersion);
    if (this.#quick) this.sendLine = (line, id) => this.#sendQuickly(line, id);
  }

  #sendQuickly(line: ByteText, id = 0): void {
    if (isStreamable(this.#transport)) this.#quick?.send(this.#transport, line, id);
  }

  async #sendOn(transport: RemoteTransport, message: JsonObject, given: SendOptions): Promise<void> {
    const options = this.#streams.follow(message, given);
    try {
      await this.#sendAnew(transport, message, options);
    } catch (error) {
      this.#streams.over(message.id);
      throw error;
    }
  }

  /** Where the session was forgotten, over a new one. */
  async #sendAnew(transport: RemoteTransport, message: JsonObject, options: SendOptions): Promise<void> {
    try {
      await this.#sendPatiently(transport, message, options);
    } catch (error) {
      const explained = explainRemote(this.#server, error);
      if (!isSessionLost(transport, explained)) throw explained;
      await this.#renewals.run('session', () => this.#renewSession(transport));
      if (!SAFE_METHODS.includes(message.method)) throw this.#sessionRenewed();
      await this.#sendPatiently(this.#transport, message, options).catch((again: unknown) => {
        throw explainRemote(this.#server, again);
      });
    }
  }

  async close(reason: string): Promise<void> {
    this.#end(new GatewayError('SHUTTING_DOWN', `The connection to server "${this.#server}" was closed: ${reason}`));
    const transport = this.#transport;
    if (isStreamable(transport)) await inTime(transport.terminateSession());
    await Promise.all([transport, ...this.#former].map((each) => each.close().catch(() => {})));
  }

  #listen(transport: RemoteTransport): void {
    transport.onmessage = (message: unknown) => {
      if (isObject(message) && message.method === undefined) this.#answered(message.id);
      this.#events.message(message);
    };
    transport.onclose = () => this.#lose('was closed');
    transport.onerror = (error: Error) => this.#failed(error);
  }

  #answered(id: unknown): void {
    this.#quick?.answeredElsewhere(id);
    this.#streams.answered(id);
  }

  async #sendPatiently(transport: RemoteTransport, message: JsonObject, options: SendOptions): Promise<void> {
    for (const delayMs of SAFE_METHODS.includes(message.method) ? RETRY_DELAYS_MS : []) {
      try {
        return await sendOver(transport, message, options);
      } catch (error) {
        if (!isPassing(error) || options.stream?.signal.aborted) throw error;
        // Apart from one another, so that all who failed together do not come back together.
        await sleep(delayMs * (0.5 + Math.random()), undefined, { signal: options.stream?.signal });
      }
    }
    await sendOver(transport, message, options);
  }

  /** The server has forgotten the session: it gets a new one, opened as the first one was. */
  async #renewSession(lost: RemoteTransport): Promise<void> {
    if (this.#transport !== lost) return;
    try {
      const transport = await this.#connect();
      await handshake(transport, this.#initialize ?? {}, this.#streams);
      lost.onclose = () => {};
      this.#former.push(lost);
      this.#listen(transport);
      this.#transport = transport;
    } catch (error) {
      this.#lose('no longer knows this session');
      throw explainRemote(this.#server, error);
    }
  }

  #sessionRenewed(): GatewayError {
    return new GatewayError('SERVER_CRASHED', `Server "${this.#server}" no longer knows this session`, {
      hint: 'The call was not repeated. Call again: there is a new session, and what the old one held is gone.',
      data: { stateLost: true },
    });
  }

  #failed(error: Error): void {
    // Requests report their own failures; the one stream of the old transport has nobody else to do it.
    if (this.#isOpen && !isStreamable(this.#transport)) this.#lose(`broke off: ${error.message}`);
  }

  #lose(how: string): void {
    this.#loseBy(
      new GatewayError('SERVER_CRASHED', `The connection to server "${this.#server}" ${how}`, {
        hint: 'The call was not repeated. Call again: the next call connects anew.',
        data: { stateLost: true },
      }),
    );
  }

  #loseBy(error: GatewayError): void {
    if (!this.#isOpen) return;
    this.#end(error);
    void this.#transport.close().catch(() => {});
  }

  #end(reason: GatewayError): void {
    this.#isOpen = false;
    this.#quick?.close();
    this.#lingering.clear();
    this.#streams.clear();
    this.#events.ended(reason);
  }
}

function isSessionLost(transport: RemoteTransport, error: GatewayError): boolean {
  if (!isStreamable(transport) || transport.sessionId === undefined) return false;
  const status = httpStatusOf(error);
  return status === 404 || (status === 400 && UNKNOWN_SESSION.test(error.message));
}

async function sendOver(transport: RemoteTransport, message: JsonObject, options: SendOptions): Promise<void> {
  const outgoing = message as unknown as JSONRPCMessage;
  if (!isStreamable(transport)) return await transport.send(outgoing);
  const { stream, onStreamEnd, headers } = options;
  await transport.send(outgoing, { requestSignal: stream?.signal, onRequestStreamEnd: onStreamEnd, headers });
}

/** No answer at all, or one of what stands before the server; our own refusals do not pass by themselves. */
function isPassing(error: unknown): boolean {
  if (error instanceof GatewayError) return false;
  const status = statusOf(error);
  return status === undefined || status === 502 || status === 503 || status === 504;
}

/** Says `initialize` again, word for word, and waits for its answer. */
async function handshake(transport: RemoteTransport, initialize: JsonObject, streams: AnswerStreams): Promise<void> {
  const answered = new Promise<JsonObject>((resolve, reject) => {
    transport.onmessage = (message: unknown) => {
      if (!isObject(message) || message.id !== initialize.id) return;
      streams.answered(message.id);
      if (isObject(message.result)) resolve(message.result as JsonObject);
      else reject(new Error('it refused to initialize a new session'));
    };
    transport.onclose = () => reject(new Error('it closed the connection'));
  });
  answered.catch(() => {});
  await transport.start();
  await sendOver(transport, initialize, streams.follow(initialize, { stream: new AbortController() }));
  const { promise: tooLate, cancel } = timeLimit(HANDSHAKE_MS_MAX);
  const late = tooLate.then(() => Promise.reject(new Error('it did not initialize a new session in time')));
  const { protocolVersion } = await Promise.race([answered, late]).finally(cancel);
  if (typeof protocolVersion === 'string') transport.setProtocolVersion(protocolVersion);
  await transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
}

function isStreamable(transport: RemoteTransport): transport is StreamableHTTPClientTransport {
  return 'terminateSession' in transport;
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
