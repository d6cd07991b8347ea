/** Who hears what a server says unasked: the one whose instance it is, or only those whom it can concern. */
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import { abortable } from '../stdx/abort.ts';
import { Chain, Link } from '../stdx/chain.ts';
import { Endings } from '../stdx/endings.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { META_SUBSCRIPTION_ID, metaOf, tellsMore } from './relay-eras.ts';

/** Somebody with an open ear: a client's session, or a stream of subscriptions. */
export interface Hearer {
  readonly principal: string;
  /** Set for one that is served by an instance of its own, and hears only that. */
  readonly instanceOf: string | undefined;
  hears(method: string, params: JsonObject): boolean;
  tell(method: string, params: JsonObject): void;
}

/** A call under way. */
export interface HubCall {
  readonly principal: string;
  readonly instanceOf: string | undefined;
  /** From which level on it wants log messages; undefined where that is left to the server. */
  readonly logLevel: string | undefined;
  /** For what belongs to the call, such as its log messages. */
  tell(method: string, params: JsonObject): void;
}

/** The calls under way on one instance. */
export type CallChain = Chain<Link & HubCall>;

class Entered extends Link implements HubCall {
  readonly principal: string;
  readonly instanceOf: string | undefined;
  readonly logLevel: string | undefined;
  readonly tell: HubCall['tell'];

  constructor({ principal, instanceOf, logLevel, tell }: HubCall) {
    super();
    this.principal = principal;
    this.instanceOf = instanceOf;
    this.logLevel = logLevel;
    this.tell = tell;
  }
}

interface Instance {
  readonly instanceOf: string | undefined;
  readonly principals: Set<string>;
  readonly calls: CallChain;
  /** Of a legacy server, once somebody set it. */
  logLevel: string | undefined;
}

const FOR_ALL = /^notifications\/(tools|prompts|resources)\/list_changed$|^notifications\/resources\/updated$/;

export class RelayHub {
  /** Of upstream sessions and leases, which outlive those who wait for them. */
  readonly endings = new Endings();
  readonly #hearers = new Set<Hearer>();
  readonly #instances = new Map<UpstreamSession, Instance>();
  readonly #leases: () => number;
  readonly #waiting = new Set<() => void>();
  #holds = 0;

  /** `leases`: calls and holds under way on all instances of the server, whatever door they came through. */
  constructor(leases: () => number) {
    this.#leases = leases;
  }

  join(hearer: Hearer): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Whether somebody who shares his instances wants to hear this. */
  isHeard(method: string, params: JsonObject): boolean {
    for (const hearer of this.#hearers)
      if (hearer.instanceOf === undefined && hearer.hears(method, params)) return true;
    return false;
  }

  /** A call goes through this upstream session; to be ended when it is over. */
  enter(upstream: UpstreamSession, call: HubCall): () => void {
    const entered = new Entered(call);
    const calls = this.add(upstream, entered);
    return () => calls.remove(entered);
  }

  /** The same for who can leave by itself. */
  add(upstream: UpstreamSession, call: Link & HubCall): CallChain {
    const instance = this.#instance(upstream, call.instanceOf);
    instance.principals.add(call.principal);
    tellLevel(upstream, instance, call.logLevel);
    instance.calls.add(call);
    return instance.calls;
  }

  /** Somebody waits for it to be up anew, which only calls that are entered here tell. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when the server is up anew, for whomever; rejects when the signal aborts. */
  nextInstance(signal: AbortSignal): Promise<void> {
    const { promise, done } = waiter();
    this.#waiting.add(done);
    return abortable(promise, signal).finally(() => this.#waiting.delete(done));
  }

  /** A lease is held beside the calls; to be ended with it. */
  held(upstream: UpstreamSession, { principal, instanceOf }: Omit<HubCall, 'tell' | 'logLevel'>): () => void {
    this.#instance(upstream, instanceOf).principals.add(principal);
    this.#holds++;
    let isOver = false;
    return () => {
      if (!isOver) this.#holds--;
      isOver = true;
    };
  }

  #instance(upstream: UpstreamSession, instanceOf: string | undefined): Instance {
    const known = this.#instances.get(upstream);
    if (known) return known;
    const instance: Instance = { instanceOf, principals: new Set(), calls: new Chain(), logLevel: undefined };
    this.#instances.set(upstream, instance);
    const quiet = upstream.onNotification((method, params) => {
      // What a modern server says of the streams by which we listen is ours alone.
      if (method !== 'notifications/subscriptions/acknowledged') this.#route(instance, method, unsubscribed(params));
    });
    for (const done of this.#waiting) done();
    void upstream.closed.then(() => {
      quiet();
      this.#instances.delete(upstream);
    });
    return instance;
  }

  #route(instance: Instance, method: string, params: JsonObject): void {
    const { instanceOf, principals, calls } = instance;
    const call = calls.first;
    if (FOR_ALL.test(method)) {
      for (const hearer of this.#hearers) {
        const isMeant = hearer.instanceOf === instanceOf && principals.has(hearer.principal);
        if (isMeant && hearer.hears(method, params)) hearer.tell(method, params);
      }
    } else if (call && calls.size === 1 && this.#isAlone(instanceOf)) call.tell(method, params);
    else if (instanceOf !== undefined) this.#tellOwner(instanceOf, method, params);
  }

  /** On a shared instance what is said can be told to belong to a call only while there is no other call. */
  #isAlone(instanceOf: string | undefined): boolean {
    return instanceOf !== undefined || this.#leases() - this.#holds <= 1;
  }

  #tellOwner(instanceOf: string, method: string, params: JsonObject): void {
    for (const hearer of this.#hearers) if (hearer.instanceOf === instanceOf) hearer.tell(method, params);
  }
}

/** A legacy server has one level for all, and forgets it with its process: it is told the one that tells most, before the call. */
function tellLevel(upstream: UpstreamSession, instance: Instance, level: string | undefined): void {
  if (level === undefined || !tellsMore(level, instance.logLevel)) return;
  const { era, capabilities } = upstream.facts;
  if (era !== 'legacy' || !isObject(capabilities.logging)) return;
  instance.logLevel = level;
  upstream.request('logging/setLevel', { level }).catch(() => {});
}

function waiter(): { readonly promise: Promise<void>; readonly done: () => void } {
  let done = () => {};
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}

function unsubscribed(params: JsonObject): JsonObject {
  const meta = metaOf(params);
  if (!(META_SUBSCRIPTION_ID in meta)) return params;
  const { [META_SUBSCRIPTION_ID]: _, ...others } = meta;
  const { _meta, ...rest } = params;
  return Object.keys(others).length > 0 ? { ...rest, _meta: others } : rest;
}
