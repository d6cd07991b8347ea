/** Masks secrets in what a server says on stderr, before it reaches errors, logs and agents. */
import type { Endpoint, Runtime } from './runtime.ts';

export function redacting(runtime: Runtime, redact: (text: string) => string): Runtime {
  return {
    prepare: (onProgress, signal) => runtime.prepare(onProgress, signal),
    launch: async (signal) => masked(await runtime.launch(signal), redact),
  };
}

function masked(endpoint: Endpoint, redact: (text: string) => string): Endpoint {
  if (endpoint.kind !== 'stdio') return endpoint;
  const { kind, pid, instance, input, output, exited } = endpoint;
  const stderrTail = () => endpoint.stderrTail().map(redact);
  const stop = (reason: string) => endpoint.stop(reason);
  const onStderr = (listener: (chunk: Buffer) => void) => endpoint.onStderr(listener);
  const hasLeftInput = () => endpoint.hasLeftInput();
  return { kind, pid, instance, input, output, exited, stderrTail, onStderr, stop, hasLeftInput };
}
