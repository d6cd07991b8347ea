/** A call whose bytes go to a server as they came, and come back so: `callUpstream` for whoever need not look into them. */
import { type PassedParams, wholeParams } from '../bridge/passed-params.ts';
import type { ByteListener, ByteResult, UpstreamSession } from '../bridge/upstream-session.ts';
import { requireConfigured } from '../catalog/needs-config.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import { type GatewayError, toGatewayError } from '../errors.ts';
import type { Lease } from '../lifecycle/pool.ts';
import type { Admitted, AskedCall } from '../policy/admission.ts';
import type { Principal } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import { fromByteText } from '../stdx/json-cursor.ts';
import type { MetaToolParts } from './parts.ts';
import { acquireAnew, askWhoReads, givenUp, leaseAndAsk, type UpstreamCall, wasUnread } from './upstream-call.ts';

export interface PassedCall {
  readonly door: AskedCall['door'];
  readonly server: KnownServer;
  readonly tool: string;
  /** Of a `tools/call`. */
  readonly params: PassedParams;
  readonly principal: Principal;
  readonly requestId: string | undefined;
  /** As for `callUpstream`. */
  readonly behalf: UpstreamCall['behalf'];
  readonly envelope: JsonObject | undefined;
  readonly onProgress: ((progress: JsonObject) => void) | undefined;
  /** Told how an install or start goes on. */
  readonly onStart?: ((message: string) => void) | undefined;
  readonly listener: PassListener;
}

export interface PassListener extends ByteListener {
  /** Through which session the call goes, before it is sent; of the one that counts last. A method, so that no call needs a function of its own. */
  leased?(upstream: UpstreamSession): void;
}

interface Taken {
  readonly lease?: Lease;
  /** What has to settle before anybody is asked. */
  readonly after?: Promise<unknown>;
}

type Parts = Pick<MetaToolParts, 'pool' | 'admission' | 'paths' | 'catalog' | 'approved' | 'discovery'>;

const METHOD = 'tools/call';

/** Admits, leases and measures as `callUpstream` does, and parses where somebody has to look. Gives how to give up. */
export function passUpstream(parts: Parts, call: PassedCall): (reason: Error) => void {
  const passing = new Passing(parts, call);
  passing.begin();
  return (reason) => passing.cancel(reason);
}

/** It is also what is admitted, with parameters that are parsed for whoever looks. */
class Passing implements ByteListener, AskedCall {
  readonly door: AskedCall['door'];
  readonly principal: Principal;
  readonly requestId: string | undefined;
  readonly server: string;
  readonly tool: string;
  readonly #parts: Parts;
  readonly #call: PassedCall;
  readonly #begunMs = performance.now();
  #admitted: Admitted | undefined;
  #lease: Lease | undefined;
  readonly #timing = { upstreamMs: 0 };
  #leasedMs = 0;
  #giveUp: ((reason: Error) => void) | undefined;
  #params: JsonObject | undefined;

  constructor(parts: Parts, call: PassedCall) {
    const { door, server, tool, principal, requestId } = call;
    this.#parts = parts;
    this.door = door;
    this.#call = call;
    this.principal = principal;
    this.requestId = requestId;
    this.server = server.name;
    this.tool = server.shows?.own(tool) ?? tool;
  }

  get params(): JsonObject {
    this.#params ??= JSON.parse(fromByteText(this.paramsJson)) as JsonObject;
    return this.#params;
  }

  get paramsJson(): string {
    return wholeParams(this.#call.params);
  }

  begin(): void {
    try {
      requireConfigured(this.#call.server);
      this.#admitted = this.#parts.admission.admit(this);
    } catch (error) {
      this.#call.listener.failed(toGatewayError(error));
      return;
    }
    const lease = this.#mustParse ? undefined : this.#acquireNow();
    if (lease) this.#goOn(lease);
    else void (this.#mustParse ? this.#parse(askWhoReads) : this.#wait());
  }

  cancel(reason: Error): void {
    this.#giveUp?.(reason);
  }

  bytes(result: ByteResult): void {
    this.#finish(undefined, result.isToolError);
    this.#call.listener.bytes(result);
  }

  value(result: JsonObject): void {
    this.#finish(undefined, result.isError === true);
    this.#call.listener.value(result);
  }

  failed(error: Error): void {
    const { session } = this.#lease ?? {};
    if (session && wasUnread(error)) {
      this.#release();
      // Before that is known, the same server would be given out again.
      void this.#parse(leaseAndAsk, { after: session.closed });
      return;
    }
    this.#finish(toGatewayError(error), false);
    this.#call.listener.failed(error);
  }

  get #mustParse(): boolean {
    const { server, principal } = this.#call;
    return server.shows !== undefined || this.#parts.paths.confines(server.name, principal);
  }

  /** What names its tools otherwise is parsed anyway. */
  #isSettled({ session }: Lease): boolean {
    const { server, tool } = this.#call;
    return server.changes !== 'quarantine' || this.#parts.approved.isSettled(server, tool, session);
  }

  #acquireNow(): Lease | undefined {
    const { server, principal, behalf } = this.#call;
    return this.#parts.pool.acquireNow(server.name, { principal: principal.id, ...behalf });
  }

  #goOn(lease: Lease): void {
    const { pass } = lease.session;
    if (pass && this.#isSettled(lease)) this.#pass(lease, pass);
    else void this.#parse(askWhoReads, { lease });
  }

  /** For a start, or for a place among the calls of a server that is up. */
  async #wait(): Promise<void> {
    const { server, principal, behalf, onStart } = this.#call;
    const gone = new AbortController();
    const { signal } = gone;
    this.#giveUp = (reason) => gone.abort(reason);
    const options = { signal, principal: principal.id, ...(onStart ? { onProgress: onStart } : {}), ...behalf };
    try {
      const lease = await acquireAnew(this.#parts.pool, server.name, options);
      // It may be confined by now.
      if (!signal.aborted) return this.#mustParse ? this.#parse(askWhoReads, { lease }) : this.#goOn(lease);
      lease.release();
      this.failed(givenUp(signal.reason, server.name));
    } catch (error) {
      if (wasUnread(error)) await this.#parse(leaseAndAsk);
      else this.failed(error as Error);
    }
  }

  #pass(lease: Lease, pass: NonNullable<Lease['session']['pass']>): void {
    const { server, params, envelope, onProgress, listener } = this.#call;
    this.#lease = lease;
    this.#parts.discovery.hear(server.name, lease.session);
    listener.leased?.(lease.session);
    this.#leasedMs = performance.now();
    const { callTimeoutMs: timeoutMs, callTotalTimeoutMs: maxTotalMs } = server;
    const giveUp = pass(METHOD, params, { timeoutMs, maxTotalMs, envelope, onProgress, listener: this });
    // What failed at once is over, or on its way to a fresh server already.
    if (this.#lease) this.#giveUp = giveUp;
  }

  /** As every other call, with the place that it may have got already. */
  async #parse(ask: typeof leaseAndAsk, { lease, after }: Taken = {}): Promise<void> {
    const { door, server, tool, principal, requestId, behalf, envelope, onProgress, onStart, listener } = this.#call;
    const gone = new AbortController();
    this.#giveUp = (reason) => gone.abort(reason);
    const context = { principal, requestId, signal: gone.signal, ...(onProgress ? { onProgress } : {}) };
    const onLease = ({ session }: Lease) => listener.leased?.(session);
    const whose = { context, behalf, envelope, onLease, ...(onStart ? { onStart } : {}) };
    const asked = { door, method: METHOD, server, tool, params: this.params, ...whose } as const;
    if (after) await after;
    await ask(this.#parts, asked, { timing: this.#timing, lease })
      .then((result) => this.value(result))
      .catch((error: Error) => this.failed(error));
  }

  #release(): void {
    if (this.#lease) this.#timing.upstreamMs = performance.now() - this.#leasedMs;
    this.#lease?.release();
    this.#lease = undefined;
  }

  #finish(error: GatewayError | undefined, isToolError: boolean): void {
    this.#release();
    const durationMs = performance.now() - this.#begunMs;
    const admitted = this.#admitted;
    // Whoever throws at a result is told of a failure, too.
    this.#admitted = undefined;
    admitted?.finish({ error, isToolError, durationMs, upstreamMs: this.#timing.upstreamMs });
  }
}
