/** Which servers there are for a caller, as far as anything but their runtime needs to know. */

export interface KnownServer {
  readonly name: string;
  /** What the configuration says of it; empty when it says nothing. */
  readonly description: string;
  /** Changes when the configuration changes in a way that may change the tools. */
  readonly configHash: string;
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
  /** The upstream's own name of a tool that is shown under another one; absent where all are shown under their own. */
  readonly ownName?: (shown: string) => string;
}

export interface ServerDirectory {
  /** In the order of the configuration. */
  names(): string[];
  get(server: string): KnownServer | undefined;
}

/** The built-in server that continues long results; never in a directory. */
export const BUILT_IN_SERVER = 'tooldex';
