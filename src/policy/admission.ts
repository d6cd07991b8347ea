/** What every call to a tool passes, whatever door it came through: limits before it, audit and metrics after it. */
import { type GatewayError, toGatewayError } from '../errors.ts';
import type { Principal } from './principal.ts';

export interface AskedCall {
  readonly principal: Principal;
  /** Of a call over HTTP: ASCII, and nothing that JSON would escape. */
  readonly requestId?: string | undefined;
  readonly door: 'use_tool' | 'direct' | 'profile';
  readonly server: string;
  /** The upstream's own name of the tool; of other requests the method, such as `prompts/get`. */
  readonly tool: string;
  /** As the caller gave them; whoever writes them down masks secrets. */
  readonly params: unknown;
  /** The same as JSON where it came so, each character above ASCII as its bytes; spares making it again. */
  readonly paramsJson?: string | undefined;
}

export interface CallOutcome {
  readonly error: GatewayError | undefined;
  /** The upstream answered with `isError`. */
  readonly isToolError: boolean;
  /** From admission to answer; and the part of it that the upstream took, its start not counted. Milliseconds. */
  readonly durationMs: number;
  readonly upstreamMs: number;
}

/** How it ended, in a word: `ok`, `tool_error` or the code of the error. */
export const outcomeOf = ({ error, isToolError }: CallOutcome): string =>
  error?.code ?? (isToolError ? 'tool_error' : 'ok');

export interface Admitted {
  /** To be called once, when the call is over, however. */
  finish(outcome: CallOutcome): void;
}

export interface Admission {
  /** Throws RATE_LIMITED or NOT_ALLOWED; a refused call needs no `finish`. */
  admit(call: AskedCall): Admitted;
}

/** All of them, in this order; what the first admitted is finished when a later one refuses. */
export function createAdmission(parts: readonly Admission[]): Admission {
  const [only, ...more] = parts;
  if (only && more.length === 0) return only;
  return {
    admit(call) {
      const admitted: Admitted[] = [];
      try {
        for (const part of parts) admitted.push(part.admit(call));
      } catch (error) {
        const refused: CallOutcome = { error: toGatewayError(error), isToolError: false, durationMs: 0, upstreamMs: 0 };
        for (const one of admitted) one.finish(refused);
        throw error;
      }
      return new AdmittedByAll(admitted);
    },
  };
}

class AdmittedByAll implements Admitted {
  readonly #admitted: readonly Admitted[];

  constructor(admitted: readonly Admitted[]) {
    this.#admitted = admitted;
  }

  finish(outcome: CallOutcome): void {
    for (const one of this.#admitted) one.finish(outcome);
  }
}
