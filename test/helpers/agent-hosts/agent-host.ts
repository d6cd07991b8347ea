/** What tests must know of an agent host from npm to run it with our gateway and a scripted model, and nothing else. */
import type { Destination } from '../mcp-client.ts';

/** The name under which hosts know the gateway. */
export const GATEWAY = 'tooldex';

/** Goes where real hosts expect a key; nobody checks it. */
export const PLACEHOLDER_KEY = 'placeholder';

export interface HostSetup {
  /** Empty folders of this run; the host sees no other home. */
  readonly home: string;
  readonly cwd: string;
  /** The model endpoint, without a path. */
  readonly model: URL;
  readonly gateway: Destination;
  readonly prompt: string;
}

export interface HostLaunch {
  readonly command: string;
  readonly args: readonly string[];
  /** Besides PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
}

export interface AgentHost {
  readonly name: string;
  /** npm package and exact version. */
  readonly package: string;
  readonly version: string;
  /** Writes the host's configuration and says how to start it once, without questions. */
  launch(installed: string, setup: HostSetup): HostLaunch;
}
