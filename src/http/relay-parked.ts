/**
 * A legacy server's questions behind a client of 2026-07-28: the call is parked, its client is answered that input is
 * required, and when it comes back with the input the call goes on. Each parked call has an instance to itself.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { AskableClient, AskedRequest } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** How long a user may think about an answer; then the call is given up and its instance free. */
const PARKED_MS_MAX = 10 * 60_000;
const PARKED_MAX = 1_000;
/** Questions that come so close together are handed on together. */
const TOGETHER_MS = 20;

/** What must be the same again when the client comes back. */
export interface ParkedKey {
  readonly principal: string;
  readonly method: string;
  readonly name: string;
}

/** Where the call reports while somebody waits for it. */
export interface ParkedListener {
  tell(method: string, params: JsonObject): void;
}

export interface ParkableCall extends ParkedKey {
  readonly capabilities: JsonObject;
  readonly run: (call: RunningCall) => Promise<JsonObject>;
}

export interface RunningCall {
  /** Of an instance that no other call uses meanwhile. */
  readonly instance: string;
  readonly client: AskableClient;
  readonly signal: AbortSignal;
  tell(method: string, params: JsonObject): void;
}

interface Question {
  readonly request: JsonObject;
  readonly resolve: (answer: JsonObject) => void;
}

export class ParkedCalls {
  readonly #parked = new Map<string, Parkable>();
  readonly #instances = new Map<string, Set<number>>();
  readonly #onInstanceOver: (instance: string) => void;

  /** `onInstanceOver`: the call on it was given up in the middle, so that nothing can be known of its state. */
  constructor(onInstanceOver: (instance: string) => void) {
    this.#onInstanceOver = onInstanceOver;
  }

  /** The result, or `input_required` with a state by which `resume` finds the call again. */
  begin(call: ParkableCall, listener: ParkedListener, signal: AbortSignal): Promise<JsonObject> {
    const instance = this.#takeInstance(call);
    const parkable = new Parkable(call, instance.name);
    void parkable.over.then((wasGivenUp) => {
      instance.free();
      if (wasGivenUp) this.#onInstanceOver(instance.name);
    });
    return this.#attend(parkable, listener, signal);
  }

  /** Undefined for a state that is not of a call parked here for this caller. */
  resume(
    given: { readonly key: ParkedKey; readonly state: string; readonly responses: JsonObject },
    listener: ParkedListener,
    signal: AbortSignal,
  ): Promise<JsonObject> | undefined {
    const parkable = this.#parked.get(given.state);
    if (!parkable?.isOf(given.key)) return undefined;
    this.#parked.delete(given.state);
    parkable.answer(given.responses);
    return this.#attend(parkable, listener, signal);
  }

  close(): void {
    for (const parkable of this.#parked.values()) parkable.giveUp('the gateway shuts down');
    this.#parked.clear();
  }

  async #attend(parkable: Parkable, listener: ParkedListener, signal: AbortSignal): Promise<JsonObject> {
    const onAbort = () => parkable.giveUp('the client closed the connection');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const outcome = await parkable.attend(listener);
      if (outcome.kind === 'result') return outcome.result;
      const requestState = this.#park(parkable);
      return { resultType: 'input_required', inputRequests: outcome.questions, requestState };
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** A fresh state each time: a repeated request finds nothing to answer twice. */
  #park(parkable: Parkable): string {
    const state = randomUUID();
    if (this.#parked.size >= PARKED_MAX) this.#dropOldest();
    this.#parked.set(state, parkable);
    const timer = setTimeout(() => {
      if (this.#parked.delete(state)) parkable.giveUp('nobody came back with the input');
    }, PARKED_MS_MAX).unref();
    void parkable.over.then(() => {
      clearTimeout(timer);
      this.#parked.delete(state);
    });
    return state;
  }

  #dropOldest(): void {
    const [oldest] = this.#parked;
    if (!oldest) return;
    this.#parked.delete(oldest[0]);
    oldest[1].giveUp('too many calls wait for input');
  }

  /** The first that is free of those that declare the same: a started one is used again. */
  #takeInstance({ principal, capabilities }: ParkableCall): { readonly name: string; free(): void } {
    const declared = createHash('sha256').update(JSON.stringify(capabilities)).digest('hex').slice(0, 16);
    const kind = `modern:${principal}:${declared}`;
    const used = this.#instances.get(kind) ?? new Set();
    this.#instances.set(kind, used);
    let number = 1;
    while (used.has(number)) number++;
    used.add(number);
    const free = () => {
      used.delete(number);
      if (used.size === 0) this.#instances.delete(kind);
    };
    return { name: `${kind}:${number}`, free };
  }
}

type Outcome =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'asked'; readonly questions: JsonObject };

class Parkable {
  /** True when it was given up. Never rejects. */
  readonly over: Promise<boolean>;
  readonly #key: ParkedKey;
  readonly #result: Promise<JsonObject>;
  readonly #questions = new Map<string, Question>();
  readonly #abort = new AbortController();
  #listener: ParkedListener | undefined;
  #onQuestion: () => void = () => {};

  constructor({ principal, method, name, capabilities, run }: ParkableCall, instance: string) {
    this.#key = { principal, method, name };
    const client: AskableClient = {
      capabilities,
      request: (asked, signal) => this.#ask(asked, signal),
    };
    const tell: ParkedListener['tell'] = (told, params) => this.#listener?.tell(told, params);
    this.#result = run({ instance, client, signal: this.#abort.signal, tell });
    this.over = this.#result.then(
      () => false,
      () => this.#abort.signal.aborted,
    );
  }

  isOf({ principal, method, name }: ParkedKey): boolean {
    return this.#key.principal === principal && this.#key.method === method && this.#key.name === name;
  }

  /** The next thing that happens: the call is over, or it has questions. Rejects as the call does. */
  async attend(listener: ParkedListener): Promise<Outcome> {
    this.#listener = listener;
    try {
      const asked = new Promise<Outcome>((resolve) => {
        this.#onQuestion = () => resolve({ kind: 'asked', questions: this.#openQuestions() });
        if (this.#questions.size > 0) this.#onQuestion();
      });
      return await Promise.race([this.#result.then((result): Outcome => ({ kind: 'result', result })), asked]);
    } finally {
      this.#listener = undefined;
    }
  }

  /** What is not answered is asked again; answers to nothing are passed over. */
  answer(responses: JsonObject): void {
    for (const [key, { resolve }] of [...this.#questions]) {
      const response = responses[key];
      if (!isObject(response)) continue;
      this.#questions.delete(key);
      resolve(response as JsonObject);
    }
  }

  giveUp(why: string): void {
    this.#abort.abort(new GatewayError('CALL_CANCELLED', `the call was given up: ${why}`));
  }

  /** Known by the id that the server itself gave to its question: whoever names them well is answered by those names. */
  #ask({ id, ...request }: AskedRequest, signal: AbortSignal): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      const key = String(id);
      this.#questions.set(key, { request, resolve });
      signal.addEventListener('abort', () => {
        this.#questions.delete(key);
        reject(new GatewayError('CALL_CANCELLED', 'the question was taken back'));
      });
      // What a server asks in one go is to reach the user in one go.
      setTimeout(() => this.#onQuestion(), TOGETHER_MS);
    });
  }

  #openQuestions(): JsonObject {
    return Object.fromEntries([...this.#questions].map(([key, { request }]) => [key, request as Json]));
  }
}
