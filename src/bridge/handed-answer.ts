/** An answer that has begun to come by a POST of ours, as the answer of `fetch` for whoever knows more of answers. */
import { Duplex } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { PostedHeaders, Posting } from '../stdx/post.ts';

const WAITING_BYTES_MAX = 64 * 1024;
const WITHOUT_BODY = [204, 205, 304];

export interface AnswerHead {
  readonly status: number;
  readonly headers: PostedHeaders;
}

export class HandedAnswer {
  readonly #response: Response;
  readonly #posting: Posting;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor({ status, headers }: AnswerHead, posting: Posting) {
    this.#posting = posting;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          this.#stream = stream;
        },
        pull: () => posting.resume(),
        cancel: () => {
          this.#stream = undefined;
          posting.abort();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES_MAX }),
    );
    const decoded = WITHOUT_BODY.includes(status) ? null : decode(body, codingsOf({ headers }));
    this.#response = new Response(decoded, { status, headers: fieldsOf(headers) });
  }

  /** As `fetch` would have given it: what has come is lost when the signal aborts. */
  async until(signal: AbortSignal | null | undefined): Promise<Response> {
    const abort = () => this.#abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort, { once: true });
    return this.#response;
  }

  data(chunk: Buffer): void {
    this.#stream?.enqueue(chunk);
    if ((this.#stream?.desiredSize ?? 1) <= 0) this.#posting.pause();
  }

  end(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }

  failed(error: Error): void {
    this.#stream?.error(error);
    this.#stream = undefined;
  }

  #abort(reason: Error): void {
    if (!this.#stream) return;
    this.failed(reason);
    this.#posting.abort();
  }
}

/** Of its body, in the order in which they were applied. */
export function codingsOf({ headers }: Pick<AnswerHead, 'headers'>): string[] {
  const said = headers['content-encoding'];
  return said === undefined ? [] : String(said).split(',');
}

function decode(body: ReadableStream<Uint8Array>, codings: readonly string[]): ReadableStream {
  const decoders = codings.map((name) => DECODERS[name.trim().toLowerCase()]).reverse();
  return decoders.reduce<ReadableStream>((coded, make) => {
    return make ? coded.pipeThrough(Duplex.toWeb(make()) as Transform) : coded;
  }, body);
}

const DECODERS: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

const fieldsOf = (headers: PostedHeaders): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]));

type Transform = { readable: ReadableStream; writable: WritableStream };
