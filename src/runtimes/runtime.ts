/** The port of every runtime: how one instance of a server is brought to life, and what the bridge gets to talk to. */
import type { Readable, Writable } from 'node:stream';
import type { Post } from '../stdx/post.ts';

/** A running process or container that speaks JSON lines on its standard streams. */
export interface StdioEndpoint {
  readonly kind: 'stdio';
  /** The process id of the group leader; undefined for containers. */
  readonly pid: number | undefined;
  /** How a log tells it from the server's other instances: `pid 4711`, `container 0a1b2c3d4e5f`. */
  readonly instance: string;
  readonly input: Writable;
  readonly output: Readable;
  /** Settles (never rejects) when the process is gone, however that came. */
  readonly exited: Promise<Exit>;
  /** The last lines of stderr, oldest first, bounded and stripped of control characters; whole ones are given to `redact` first. */
  stderrTail(redact?: (text: string) => string): string[];
  /** Raw stderr from the start on (the end of it, if much has come), to at most one listener. */
  onStderr(listener: (chunk: Buffer) => void): void;
  /** Ends input, then TERM to the whole group after `graceMs`, then KILL. Resolves when nothing of it is left. Idempotent. */
  stop(reason: string): Promise<void>;
  /** True once it is known that the process ended without having read all of its input; false where nobody can know. */
  hasLeftInput(): boolean;
}

/** A server somewhere else; the bridge makes the requests. */
export interface RemoteEndpoint {
  readonly kind: 'remote';
  readonly url: URL;
  readonly transport: 'auto' | 'streamable-http' | 'sse';
  readonly headers: Readonly<Record<string, string>>;
  /** The way to it: guarded, with its tokens. Throws GatewayErrors of its own, such as LOGIN_REQUIRED. Default: the plain one. */
  readonly fetch?: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** The same way for one message at a time; throws what `fetch` would reject with. Without it there is `fetch`. */
  readonly post?: Post | undefined;
  /** Masks secrets in what is quoted of its failures. */
  readonly redact?: (text: string) => string;
}

export type Endpoint = StdioEndpoint | RemoteEndpoint;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export type PrepareProgress = (message: string) => void;

export interface Runtime {
  /**
   * Installs or pulls what the server needs, once; cheap when that is done. While it waits for others to be installed it asks
   * `isUrgent`, and goes before those who are not. Throws INSTALL_FAILED or RUNTIME_UNAVAILABLE.
   */
  prepare(onProgress?: PrepareProgress, signal?: AbortSignal, isUrgent?: () => boolean): Promise<void>;
  /** Starts one instance. Throws START_FAILED. Calls `prepare` by itself. */
  launch(signal?: AbortSignal): Promise<Endpoint>;
}
