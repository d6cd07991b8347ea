/** Tells line by line what a server says on stderr, secrets masked, for whoever logs in so much detail. */
import type { Runtime } from './runtime.ts';
import { StderrLines } from './stderr-lines.ts';

export interface Tap {
  readonly redact: (text: string) => string;
  /** `instance` is the process id or the container. */
  readonly say: (instance: string, line: string) => void;
}

export function tapping(runtime: Runtime, { redact, say }: Tap): Runtime {
  return {
    prepare: (...asked) => runtime.prepare(...asked),
    async launch(signal) {
      const endpoint = await runtime.launch(signal);
      if (endpoint.kind !== 'stdio') return endpoint;
      const lines = new StderrLines({ redact, say: (line) => say(endpoint.instance, line) });
      endpoint.onStderr((chunk) => lines.push(chunk));
      void endpoint.exited.then(() => lines.end());
      return endpoint;
    },
  };
}
