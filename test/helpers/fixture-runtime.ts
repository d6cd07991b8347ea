/** Runs fixture servers through the real process endpoint, and tells what it launched. */
import { ProcessEndpoint } from '../../src/runtimes/native/process-endpoint.ts';
import { spawnGroup } from '../../src/runtimes/native/spawn-group.ts';
import type { Runtime, StdioEndpoint } from '../../src/runtimes/runtime.ts';
import { fixtureServer } from './fixture-server.ts';

export interface FixtureRuntime extends Runtime {
  /** What was launched so far, oldest first. */
  readonly endpoints: StdioEndpoint[];
}

/** Short waits on the way out, so that tests of stubborn servers end soon. */
const STOP_TIMES = { graceMs: 300, termMs: 300 };

/** A runtime that starts the fixture of that name, such as `well-behaved`. */
export function fixtureRuntime(name: string, ...args: string[]): FixtureRuntime {
  return commandRuntime(fixtureServer(name, ...args), name);
}

/** A runtime that starts any command. */
export function commandRuntime(line: { command: string; args: string[] }, server = 'command'): FixtureRuntime {
  const endpoints: StdioEndpoint[] = [];
  return {
    endpoints,
    async prepare() {},
    async launch() {
      const env = Object.fromEntries(Object.entries(process.env).filter(isSet));
      const endpoint = new ProcessEndpoint(await spawnGroup({ server, ...line, env, cwd: process.cwd() }), STOP_TIMES);
      endpoints.push(endpoint);
      return endpoint;
    },
  };
}

function isSet(entry: [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined;
}
