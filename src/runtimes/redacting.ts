/** Masks secrets in what a server, its installer or its engine says, before it reaches errors, logs and agents. */
import { GatewayError } from '../errors.ts';
import type { Endpoint, Runtime } from './runtime.ts';

type Redact = (text: string) => string;

export function redacting(runtime: Runtime, redact: Redact): Runtime {
  return {
    prepare: (onProgress, ...asked) =>
      maskingErrors(runtime.prepare(onProgress && ((message) => onProgress(redact(message))), ...asked), redact),
    launch: async (signal) => masked(await maskingErrors(runtime.launch(signal), redact), redact),
  };
}

/** Command lines and addresses of packages are in what they throw, with the values that references in them have. */
function maskingErrors<Value>(work: Promise<Value>, redact: Redact): Promise<Value> {
  return work.catch((error: unknown) =>
    Promise.reject(error instanceof GatewayError ? maskedError(error, redact) : error),
  );
}

/** The error itself where there is nothing to mask, for its identity can matter. */
function maskedError(error: GatewayError, redact: Redact): GatewayError {
  const { code, message, hint, data, cause } = error;
  const whole = JSON.stringify([message, hint, data]);
  if (redact(whole) === whole) return error;
  const mask = (_key: string, value: unknown) => (typeof value === 'string' ? redact(value) : value);
  return new GatewayError(code, redact(message), {
    cause,
    ...(hint === undefined ? {} : { hint: redact(hint) }),
    ...(data === undefined ? {} : { data: JSON.parse(JSON.stringify(data), mask) }),
  });
}

function masked(endpoint: Endpoint, redact: Redact): Endpoint {
  if (endpoint.kind !== 'stdio') return { ...endpoint, redact };
  const { kind, pid, instance, input, output, exited } = endpoint;
  const stderrTail = () => endpoint.stderrTail(redact);
  const stop = (reason: string) => endpoint.stop(reason);
  const onStderr = (listener: (chunk: Buffer) => void) => endpoint.onStderr(listener);
  const hasLeftInput = () => endpoint.hasLeftInput();
  return { kind, pid, instance, input, output, exited, stderrTail, onStderr, stop, hasLeftInput };
}
