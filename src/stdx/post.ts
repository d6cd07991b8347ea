/** The port of a POST of one message, told by callbacks: what `fetch` makes of requests, streams and promises costs more than the rest of a call. */

export interface PostedMessage {
  /** Names and values in turn; whoever passes the message on may add to them. */
  readonly headers: string[];
  readonly body: Buffer;
  /** A server that wants another token has done nothing, and `fetch` gets one: answers that say so are declined. */
  hasToken?: boolean;
}

/** Who waits for the answer: `head` and any number of `data`, then `end`; or else, at any time, one of the last two. */
export interface PostListener {
  head(status: number, headers: PostedHeaders): void;
  data(chunk: Buffer): void;
  end(): void;
  /** As `fetch` and the reading of its answer would have thrown it. */
  failed(error: Error): void;
  /** The server did nothing for it, and `fetch` knows what to do about that. */
  declined(): void;
}

/** By names in lower case. */
export type PostedHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface Posting {
  /** Nobody is told anything any more. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** Undefined, and nothing sent, where only `fetch` can. */
export type Post = (message: PostedMessage, listener: PostListener) => Posting | undefined;

export function setPostedHeader(headers: string[], name: string, value: string): void {
  const at = indexOfHeader(headers, name);
  if (at < 0) headers.push(name, value);
  else headers[at + 1] = value;
}

/** Leaves a value that is there as it is. */
export function addPostedHeader(headers: string[], name: string, value: string): void {
  if (indexOfHeader(headers, name) < 0) headers.push(name, value);
}

const indexOfHeader = (headers: readonly string[], name: string) =>
  headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name);
