/** Answers by `fetch` of which nobody holds more than one message may be long, however much a server sends. */
import type { Transformer } from 'node:stream/web';
import { MESSAGE_BYTES_MAX } from './wire.ts';

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface BoundedAnswers {
  readonly tooLong: () => Error;
  /** An event stream was broken off, that of the request with this body. Who reads streams says only that one has ended. */
  readonly onBrokenOff: (request: unknown) => void;
}

/** The body of what is longer breaks off with that error; of an event stream each event counts by itself. */
export function boundedAnswers(fetch: Fetch, { tooLong, onBrokenOff }: BoundedAnswers): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const { body, status, statusText, headers } = response;
    if (!body || isShort(headers)) return response;
    const isEvents = (headers.get('content-type') ?? '').toLowerCase().startsWith('text/event-stream');
    const refuse = () => {
      if (isEvents) onBrokenOff(init?.body);
      return tooLong();
    };
    const bound = new Bound(refuse, isEvents);
    return new Response(body.pipeThrough(new TransformStream(bound)), { status, statusText, headers });
  };
}

/** By its own word, to which HTTP holds it. What is packed says how long it is when it is not yet unpacked. */
function isShort(headers: Headers): boolean {
  const length = headers.get('content-length');
  return length !== null && !headers.has('content-encoding') && Number(length) <= MESSAGE_BYTES_MAX;
}

class Bound implements Transformer<Uint8Array, Uint8Array> {
  readonly #refuse: () => Error;
  readonly #isEvents: boolean;
  /** Since the last event ended. */
  #held = 0;
  /** The end of the last chunk, for what ends an event may come in two. */
  #tail = '';

  constructor(refuse: () => Error, isEvents: boolean) {
    this.#refuse = refuse;
    this.#isEvents = isEvents;
  }

  transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void {
    this.#held = this.#isEvents ? this.#behindEvents(chunk) : this.#held + chunk.length;
    if (this.#held > MESSAGE_BYTES_MAX) controller.error(this.#refuse());
    else controller.enqueue(chunk);
  }

  #behindEvents(chunk: Uint8Array): number {
    const text = this.#tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    this.#tail = text.slice(-TAIL_LENGTH);
    const end = Math.max(...EMPTY_LINES.map((line) => text.lastIndexOf(line)));
    return end < 0 ? this.#held + chunk.length : text.length - end;
  }
}

const EMPTY_LINES = ['\n\n', '\n\r\n', '\r\r'];
/** One less than the longest of them. */
const TAIL_LENGTH = 2;
