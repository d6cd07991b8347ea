/** One request that was posted by itself: a plain answer is delivered as bytes, and any other handed over with what has come of it. */
import type { ByteText } from '../stdx/json-cursor.ts';
import type { Post, PostedHeaders, Posting, PostListener } from '../stdx/post.ts';
import { readFirstEvent } from './first-event.ts';
import { type AnswerHead, codingsOf, HandedAnswer } from './handed-answer.ts';
import type { LingeringStream } from './lingering.ts';
import { MESSAGE_BYTES_MAX } from './wire.ts';

export interface PostedCallHost {
  /** False if this is no plain answer. */
  deliver(message: Buffer): boolean;
  /** A message that came behind the answer. */
  tell(message: Buffer): void;
  /** Somebody else has to send it, or to read the answer that it got. */
  handOver(call: PostedCall, answer: HandedAnswer | undefined): void;
  /** Nothing was answered. */
  failed(call: PostedCall, error: unknown): void;
  /** Why an answer was not read to its end. */
  tooLong(): Error;
  /** It has its answer, and may go on. */
  answered(call: PostedCall): void;
  /** Nothing more will come. */
  over(call: PostedCall): void;
}

export interface PostedRequest {
  readonly id: number;
  readonly line: ByteText;
  readonly headers: string[];
}

type Reading = 'head' | 'json' | 'events' | 'handed' | 'over';

export class PostedCall implements PostListener, LingeringStream {
  readonly id: number;
  readonly line: ByteText;
  readonly #host: PostedCallHost;
  #posting: Posting | undefined;
  #reading: Reading = 'head';
  #isAnswered = false;
  #head: AnswerHead = { status: 0, headers: {} };
  #chunks: Buffer[] = [];
  #bytes = 0;
  #handed: HandedAnswer | undefined;
  #dropped: AbortController | undefined;

  constructor(host: PostedCallHost, { id, line }: PostedRequest) {
    this.#host = host;
    this.id = id;
    this.line = line;
  }

  send(post: Post, { headers, line }: PostedRequest): void {
    try {
      this.#posting = post({ headers, body: Buffer.from(line, 'latin1') }, this);
    } catch (error) {
      this.#host.failed(this, error);
      return;
    }
    if (!this.#posting) this.declined();
  }

  /** For whoever it was handed over to: aborted when the call is dropped. */
  get stream(): AbortController {
    this.#dropped ??= new AbortController();
    return this.#dropped;
  }

  /** Nobody waits for the answer any more. */
  drop(): void {
    this.#dropped?.abort();
    if (this.#reading !== 'over') this.#posting?.abort();
    this.#reading = 'over';
  }

  leave(): void {
    this.drop();
    this.#host.over(this);
  }

  head(status: number, headers: PostedHeaders): void {
    this.#head = { status, headers };
    const type = status === 200 && headers['content-encoding'] === undefined ? mediaType(headers) : undefined;
    if (type === 'application/json') this.#reading = 'json';
    else if (type === 'text/event-stream') this.#reading = 'events';
    else this.#handOverHead();
  }

  data(chunk: Buffer): void {
    if (this.#handed) this.#handed.data(chunk);
    else this.#keep(chunk);
  }

  end(): void {
    const reading = this.#reading;
    if (reading === 'json' && this.#host.deliver(this.#whole())) this.#reading = 'over';
    else if (reading === 'json' || (reading === 'events' && !this.#isAnswered)) this.#handOver();
    this.#handed?.end();
    if (!this.#handed) this.#host.over(this);
  }

  failed(error: Error): void {
    if (this.#handed) this.#handed.failed(error);
    // What an event stream has brought may be enough to go on with it elsewhere.
    else if (this.#reading === 'events' && !this.#isAnswered) this.end();
    else if (this.#isAnswered) this.#host.over(this);
    else this.#host.failed(this, error);
  }

  declined(): void {
    this.#reading = 'handed';
    this.#host.handOver(this, undefined);
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MESSAGE_BYTES_MAX) this.#refuse(this.#host.tooLong());
    else if (this.#reading === 'events' && (chunk.includes('\n') || chunk.includes('\r'))) this.#readEvents();
  }

  #readEvents(): void {
    const wasAnswered = this.#isAnswered;
    let rest = this.#whole();
    let event = readFirstEvent(rest);
    while (event.kind === 'data' && this.#takes(event.data)) {
      this.#isAnswered = true;
      rest = rest.subarray(event.next);
      event = readFirstEvent(rest);
    }
    const isLost = this.#isAnswered && event.kind !== 'incomplete';
    this.#chunks = isLost ? [] : [rest];
    this.#bytes = isLost ? 0 : rest.length;
    if (this.#isAnswered && !wasAnswered) this.#host.answered(this);
    if (!this.#isAnswered && event.kind !== 'incomplete') this.#handOver();
  }

  #takes(message: Buffer): boolean {
    if (!this.#isAnswered) return this.#host.deliver(message);
    this.#host.tell(message);
    return true;
  }

  #whole(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] ?? EMPTY) : Buffer.concat(this.#chunks);
  }

  #refuse(error: Error): void {
    this.drop();
    this.#chunks = [];
    this.#host.failed(this, error);
  }

  #handOverHead(): void {
    const codings = codingsOf(this.#head);
    const why = `too many content-encodings in response: ${codings.length}, maximum allowed is ${CODINGS_MAX}`;
    if (codings.length <= CODINGS_MAX) this.#handOver();
    else this.#refuse(new TypeError('fetch failed', { cause: new Error(why) }));
  }

  #handOver(): void {
    const posting = this.#posting ?? NOTHING;
    this.#reading = 'handed';
    this.#handed = new HandedAnswer(this.#head, posting);
    for (const chunk of this.#chunks) this.#handed.data(chunk);
    this.#chunks = [];
    this.#host.handOver(this, this.#handed);
  }
}

/** As many as undici's `fetch` takes: a server chooses them, and each costs memory. */
const CODINGS_MAX = 5;
const EMPTY = Buffer.alloc(0);
const NOTHING: Posting = { abort: () => {}, pause: () => {}, resume: () => {} };

function mediaType(headers: PostedHeaders): string {
  return (
    String(headers['content-type'] ?? '')
      .split(';', 1)[0]
      ?.trim()
      .toLowerCase() ?? ''
  );
}
