/** Which servers there are for a caller, as far as anything but their runtime needs to know. */

import type { MissingInput } from '../config/server-json-inputs.ts';
import type { ToolNames } from './tool-names.ts';
export interface KnownServer {
  readonly name: string;
  /** What the configuration says of it; empty when it says nothing. */
  readonly description: string;
  /** As the configuration has them, for people to see; absent is none. */
  readonly tags?: readonly string[];
  /** Changes when the configuration changes in a way that may change the tools. */
  readonly configHash: string;
  /** What has to be given before it can run; absent where nothing is missing. */
  readonly missing?: readonly MissingInput[];
  /** `quarantine`: tools that change are withheld until somebody approves; absent is `allow`. */
  readonly changes?: 'allow' | 'quarantine';
  /** Given up when so long nothing came, not even progress. */
  readonly callTimeoutMs: number;
  /** The longest a call may take, whatever it reports. */
  readonly callTotalTimeoutMs: number;
  /** Results beyond this many bytes of JSON are bounded and kept for `read_result`. */
  readonly resultBytesMax: number;
  /** Whether the configuration lets this tool be seen and used. */
  readonly allows: (tool: string) => boolean;
  /** What the configuration calls its tools; absent where it says nothing, and where names are those that are shown. */
  readonly names?: ToolNames;
  /**
   * Where tools are shown otherwise than they are: how. All other names of this object are then those that are shown.
   * Absent where every name and definition can pass as it is.
   */
  readonly shows?: ToolNames;
}

/** A server of the file that is disabled, and cannot be enabled before something is given. */
export interface Unconfigured {
  readonly name: string;
  readonly description: string;
  readonly missing: readonly MissingInput[];
}

export interface ServerDirectory {
  /** In the order of the configuration. */
  names(): string[];
  get(server: string): KnownServer | undefined;
  /** None of `names`. */
  unconfigured(): readonly Unconfigured[];
  /** Whether some server has `names`; absent is no. */
  readonly hasNames?: boolean;
}

/** The built-in server that continues long results; never in a directory. */
export const BUILT_IN_SERVER = 'tooldex';
