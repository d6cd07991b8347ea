/** An event stream that outlives its connection: what was not read, or not read to the end, is sent again on the next. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { JsonObject } from '../stdx/json.ts';
import { EVENT_STREAM_HEADERS } from './keep-alive.ts';
import type { Keeper, KeptRoom } from './kept-room.ts';
import { UNREAD_BYTES_MAX, writeUnlessUnread } from './unread.ts';

/** Kept for a client that comes back; what is older goes first. */
const KEPT_BYTES_MAX = 1024 * 1024;
const KEPT_EVENTS_MAX = 1_000;

interface Kept {
  readonly number: number;
  readonly frame: string;
  /** As it is sent. */
  readonly bytes: number;
}

export class RelayStream implements Keeper {
  readonly id: string;
  readonly #room: KeptRoom;
  readonly #kept: Kept[] = [];
  #keptBytes = 0;
  #lastNumber = 0;
  #carried = 0;
  #response: ServerResponse | undefined;
  #isEnded = false;

  /** `id` must be unique within its session and without a hyphen. */
  constructor(id: string, room: KeptRoom) {
    this.id = id;
    this.#room = room;
  }

  get isConnected(): boolean {
    return this.#response !== undefined;
  }

  /** True when all was said and the last connection took it. */
  get isDone(): boolean {
    return this.#isEnded && this.#response === undefined;
  }

  send(message: JsonObject): void {
    this.sendText(JSON.stringify(message));
  }

  /** A message as JSON. */
  sendText(message: string): void {
    if (this.#isEnded) return;
    const number = ++this.#lastNumber;
    const frame = `id: ${this.id}-${number}\nevent: message\ndata: ${message}\n\n`;
    const event = { number, frame, bytes: Buffer.byteLength(frame) };
    this.#keep(event);
    this.#carry(event);
  }

  /** Sends on the response what came after event number `after`; false, and nothing is sent, if some of it is gone. */
  connect(response: ServerResponse, after: number, headers: OutgoingHttpHeaders = {}): boolean {
    if (after > this.#lastNumber || after + 1 < this.#firstKept) return false;
    response.writeHead(200, { ...EVENT_STREAM_HEADERS, ...headers }).flushHeaders();
    this.#response?.end();
    this.#response = response;
    response.once('close', () => {
      if (this.#response === response) this.#response = undefined;
    });
    for (const event of this.#kept) if (event.number > after) this.#carry(event);
    if (this.#isEnded) this.#close();
    return true;
  }

  /** Where a client that names no event goes on: at the first that no connection has carried and that is still kept. */
  get freshFrom(): number {
    return Math.max(this.#carried, this.#firstKept - 1);
  }

  /** Nothing more will come; what is kept can still be fetched. */
  end(): void {
    this.#isEnded = true;
    this.#close();
  }

  /** What was not carried yet is lost; a client that comes for it is told so. */
  forget(): void {
    this.#room.leave(this);
    this.#kept.length = 0;
    this.#keptBytes = 0;
  }

  keepAlive(): void {
    this.#write(': keep-alive\n\n');
  }

  get #firstKept(): number {
    return this.#kept[0]?.number ?? this.#lastNumber + 1;
  }

  #keep(event: Kept): void {
    this.#kept.push(event);
    this.#keptBytes += event.bytes;
    // The last one stays whatever its size: it may be the result.
    while (this.#kept.length > 1 && (this.#keptBytes > KEPT_BYTES_MAX || this.#kept.length > KEPT_EVENTS_MAX)) {
      this.#keptBytes -= this.#kept.shift()?.bytes ?? 0;
    }
    this.#room.note(this, this.#keptBytes);
  }

  #carry({ number, frame }: Kept): void {
    if (!this.#response) return;
    this.#carried = Math.max(this.#carried, number);
    this.#write(frame);
  }

  #write(frame: string): void {
    const response = this.#response;
    if (!response || response.destroyed) return;
    writeUnlessUnread(response, frame, { bytesMax: UNREAD_BYTES_MAX });
    if (response.destroyed) this.#response = undefined;
  }

  #close(): void {
    const response = this.#response;
    this.#response = undefined;
    response?.end();
  }
}
