/** Why no instance of a server can be had, for whoever asked for one. */
import { GatewayError } from '../errors.ts';

export function unknownServer(server: string): GatewayError {
  return new GatewayError('SERVER_UNKNOWN', `There is no server "${server}"`, {
    hint: 'Search for what you need, or list the servers.',
  });
}

export function endedAtOnce(server: string): GatewayError {
  return new GatewayError('START_FAILED', `Server "${server}" ended as soon as it was up`, {
    hint: 'Its log says why; running its command in a terminal shows all that it prints.',
  });
}

/** The same error, with when the server is started again at the earliest. */
export function leftAloneAfter({ code, message, hint, cause, data }: GatewayError, retryAfterMs: number): GatewayError {
  const details = { cause, data: { ...data, retryAfterMs } };
  return new GatewayError(code, message, hint === undefined ? details : { ...details, hint });
}

export interface Failing {
  readonly leftMs: number;
  /** What the last start said. */
  readonly reason: string;
  readonly failures: number;
}

export function backingOff(server: string, { leftMs, reason, failures }: Failing): GatewayError {
  const message = `Server "${server}" failed ${failures} times in a row and is not started again for ${seconds(leftMs)}`;
  return new GatewayError('START_FAILED', `${message}. The last time: ${reason}`, {
    hint: `Call again in ${seconds(leftMs)}, or restart the server once its fault is removed.`,
    data: { retryAfterMs: leftMs, failures },
  });
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`;
}
