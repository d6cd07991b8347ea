/** Which calls of tools at `/mcp/<server>` pass as bytes, of clients of both eras; everything else is left to who parses. */
import { readParamHeaders } from '../bridge/param-headers.ts';
import { META_SERVER_INFO } from '../bridge/protocol-versions.ts';
import type { Principal } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import { type ByteText, fromByteText, JsonCursor } from '../stdx/json-cursor.ts';
import { membersOf } from '../stdx/json-members.ts';
import { type ByteCall, readByteCall } from './byte-call.ts';
import { answerInBytes, type ModernCaller } from './byte-lane.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { DirectBytes } from './direct-pass.ts';
import type { SignsOfLife } from './keep-alive.ts';
import { KnownEnvelopes } from './known-envelopes.ts';
import { hasPlainHeaders } from './plain-lane.ts';
import { isModernVersion } from './relay-headers.ts';
import type { RelayHub } from './relay-hub.ts';
import type { RelaySession } from './relay-session.ts';
import type { Exchange } from './sdk-lane.ts';

export interface ByteDoorOptions {
  /** Asked for at each request. */
  readonly bytesOf: (principal: Principal) => DirectBytes;
  readonly signs: SignsOfLife;
}

export interface ByteParts {
  readonly inFlight: CallsInFlight;
  readonly hub: RelayHub;
}

export interface ByteContext {
  readonly session: RelaySession | undefined;
  readonly parts: () => ByteParts;
}

export class ByteDoor {
  readonly envelopes = new KnownEnvelopes();
  readonly #options: ByteDoorOptions;
  readonly #cursor = new JsonCursor();
  readonly #wantsHeaders = new WeakMap<JsonObject, boolean>();
  readonly #infoTexts = new WeakMap<JsonObject, ByteText>();

  constructor(options: ByteDoorOptions) {
    this.#options = options;
  }

  /** True for a call that it answers. */
  take(exchange: Exchange, body: Buffer, { session, parts }: ByteContext): boolean {
    const { headers } = exchange.request;
    const isModern = isModernVersion(headers);
    if (isModern ? headers['mcp-method'] !== 'tools/call' : !hasPlainHeaders(headers)) return false;
    const call = readByteCall(body, this.#cursor);
    if (!call) return false;
    const bytes = this.#options.bytesOf(exchange.principal);
    const taken = { call, bytes, parts, session };
    return isModern ? this.#takeModern(exchange, taken) : this.#takeLegacy(exchange, taken);
  }

  #takeLegacy({ response, principal }: Exchange, { call, bytes, parts, session }: Taken): boolean {
    if (call.envelope !== '') return false;
    const { inFlight, hub } = parts();
    // Only who can be told or asked something on the way needs more than an answer.
    const isLean = !session?.isListening && !hub.isAwaited;
    if (!isLean && (bytes.facts?.isModern !== false || !bytes.isVisible(call.tool))) return false;
    const { signs } = this.#options;
    const { pass } = bytes;
    answerInBytes({ call, pass, response, principal, session, inFlight, signs, hub, isLean, modern: undefined });
    return true;
  }

  #takeModern({ request, response, principal }: Exchange, { call, bytes, parts }: Taken): boolean {
    const named = request.headers['mcp-name'];
    if (named !== call.tool || named.startsWith(ENCODED)) return false;
    const envelope = this.envelopes.find(call.envelope, () => JSON.parse(fromByteText(`{${call.envelope}}`)));
    const { facts } = bytes;
    if (!envelope || !facts || !bytes.isVisible(call.tool)) return false;
    // What an older server asks of its client is parked.
    if (!facts.isModern && envelope.isAskable) return false;
    const schema = bytes.inputSchema(call.tool);
    if (schema && this.#isMirrored(schema)) return false;
    const { inFlight, hub } = parts();
    const { signs } = this.#options;
    const { serverInfo } = facts;
    const { declared, logLevel } = envelope;
    const modern: ModernCaller = {
      envelope: declared,
      logLevel,
      serverInfo,
      serverInfoText: this.#infoText(serverInfo),
    };
    const { pass } = bytes;
    answerInBytes({ call, pass, response, principal, session: undefined, inFlight, signs, hub, isLean: false, modern });
    return true;
  }

  /** Some of its arguments are headers, too. */
  #isMirrored(schema: JsonObject): boolean {
    const known = this.#wantsHeaders.get(schema);
    if (known !== undefined) return known;
    const headers = readParamHeaders(schema);
    const isMirrored = 'declared' in headers && headers.declared.length > 0;
    this.#wantsHeaders.set(schema, isMirrored);
    return isMirrored;
  }

  #infoText(serverInfo: JsonObject): ByteText {
    const known = this.#infoTexts.get(serverInfo);
    if (known !== undefined) return known;
    const text = membersOf({ [META_SERVER_INFO]: serverInfo });
    this.#infoTexts.set(serverInfo, text);
    return text;
  }
}

interface Taken extends ByteContext {
  readonly call: ByteCall;
  readonly bytes: DirectBytes;
}

/** How values of headers begin that are written in another way. */
const ENCODED = '=?';
