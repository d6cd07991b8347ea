/** A virtual server as the rest of Tooldex gets it from the configuration. */
import type { GivenNames, ToolFilter } from './tools-config.ts';

/** A choice of servers and tools for one kind of agent, at `/mcp/<name>`. */
export interface ProfileConfig {
  readonly name: string;
  /** Empty when the file says nothing. */
  readonly description: string;
  /** Names or globs. */
  readonly servers: readonly string[];
  /** Patterns are `tool` or `server:tool`; keys of `rename` and `describe` are `server:tool`. */
  readonly tools: ToolFilter & GivenNames;
  readonly annotations: {
    readonly readOnlyHint?: boolean | undefined;
    readonly destructiveHint?: boolean | undefined;
    readonly idempotentHint?: boolean | undefined;
    readonly openWorldHint?: boolean | undefined;
  };
  /** Whether those of its servers are in it, where it is `direct`. */
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly exposure: 'discovery' | 'direct';
}
