/** Keeps results that are too long for one answer for a while, so that an agent can read on instead of losing them. */
import { randomBytes } from 'node:crypto';
import { BUILT_IN_SERVER } from '../catalog/server-directory.ts';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { short } from './argument-check.ts';

/** What all kept results may weigh together; the oldest go first. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const KEPT_FOR_MS = 15 * 60_000;
/** Pictures and sounds cost an agent by the piece, not by the byte: so much of them counts as nothing. */
const MEDIA_BYTES_FREE = 4 * 1024 * 1024;

interface Kept {
  /** The principal whose call it answered. */
  readonly owner: string;
  readonly parts: ReadonlyMap<string, Json>;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly untilMs: number;
}

export class ResultStore {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The result itself when it is at most `bytesMax` bytes of JSON, pictures aside; else its beginning, and where to read on. */
  bound(result: JsonObject, bytesMax: number, owner: string): JsonObject {
    const bytes = Buffer.byteLength(JSON.stringify(result));
    if (bytes <= bytesMax || bytes - freeMediaBytes(result) <= bytesMax) return result;
    const id = randomBytes(9).toString('base64url');
    this.#keep(id, { owner, parts: partsOf(result), bytes, bytesMax, untilMs: this.#clock.now() + KEPT_FOR_MS });
    return beginning(result, { id, bytes, bytesMax });
  }

  /** Reads on: `{id, part?, offset?, length?}`, for its owner alone. A part that is text comes piece by piece, any other one whole. */
  read(params: JsonObject, owner: string): JsonObject {
    const id = typeof params.id === 'string' ? params.id : '';
    const kept = this.#find(id, owner);
    const part = params.part === undefined ? ([...kept.parts.keys()][0] ?? '') : String(params.part);
    const value = kept.parts.get(part);
    if (value === undefined) throw unknownPart(part, kept);
    if (typeof value !== 'string') return whole(value);
    const offset = count(params.offset, 0);
    const piece = slice(value, offset, count(params.length, kept.bytesMax));
    const next = offset + piece.length;
    const more = next < value.length ? [note(`${next} of ${value.length} characters; ${readOn(id, part, next)}`)] : [];
    return { content: [{ type: 'text', text: piece }, ...more] };
  }

  #find(id: string, owner: string): Kept {
    this.#expire();
    const kept = this.#kept.get(id);
    if (kept?.owner === owner) return kept;
    throw new GatewayError('ARGUMENTS_INVALID', `no kept result has the id ${short(id)}`, {
      hint: 'results are kept for 15 minutes; call the tool again, or ask it for less',
    });
  }

  #keep(id: string, kept: Kept): void {
    this.#expire();
    this.#kept.set(id, kept);
    this.#bytes += kept.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= KEPT_BYTES_MAX) break;
      this.#drop(oldest);
    }
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [id, { untilMs }] of this.#kept) if (untilMs <= now) this.#drop(id);
  }

  #drop(id: string): void {
    this.#bytes -= this.#kept.get(id)?.bytes ?? 0;
    this.#kept.delete(id);
  }
}

function freeMediaBytes({ content }: JsonObject): number {
  const blocks = Array.isArray(content) ? content : [];
  return Math.min(
    MEDIA_BYTES_FREE,
    blocks.reduce<number>((sum, block) => sum + mediaBytes(block), 0),
  );
}

function mediaBytes(block: Json): number {
  const isMedia = isObject(block) && (block.type === 'image' || block.type === 'audio');
  return isMedia && typeof block.data === 'string' ? block.data.length : 0;
}

function partsOf(result: JsonObject): Map<string, Json> {
  const blocks = Array.isArray(result.content) ? result.content : [];
  const parts = new Map(blocks.map((block, index) => [String(index), textOf(block) ?? block]));
  if (result.structuredContent !== undefined) {
    parts.set('structuredContent', JSON.stringify(result.structuredContent));
  }
  return parts;
}

interface Bounds {
  readonly id: string;
  readonly bytes: number;
  readonly bytesMax: number;
}

/** Whole blocks while they fit, the start of the first text that does not, then a note that says where to read on. */
function beginning(result: JsonObject, { id, bytes, bytesMax }: Bounds): JsonObject {
  const { structuredContent, ...rest } = result;
  const blocks = Array.isArray(result.content) ? result.content : [];
  const content: Json[] = [];
  const missing: string[] = [];
  let room = bytesMax;
  for (const [index, block] of blocks.entries()) {
    const size = Buffer.byteLength(JSON.stringify(block));
    const text = textOf(block);
    if (size <= room && missing.length === 0) content.push(block);
    else if (text !== undefined && missing.length === 0) {
      const piece = slice(text, 0, room);
      content.push({ ...(block as JsonObject), text: piece });
      missing.push(readOn(id, String(index), piece.length));
    } else missing.push(readOn(id, String(index), 0));
    room = Math.max(0, room - size);
  }
  if (structuredContent !== undefined) missing.push(readOn(id, 'structuredContent', 0));
  const shown = missing.slice(0, 3).join('; then ');
  content.push(note(`the result has ${bytes} bytes, more than the ${bytesMax} of one answer; ${shown}`));
  return { ...rest, content };
}

function readOn(id: string, part: string, offset: number): string {
  const call = {
    mcp_server_name: BUILT_IN_SERVER,
    mcp_tool_name: 'read_result',
    params: { id, part, ...(offset > 0 ? { offset } : {}) },
  };
  return `read on with use_tool ${JSON.stringify(call)}`;
}

function unknownPart(part: string, kept: Kept): GatewayError {
  return new GatewayError('ARGUMENTS_INVALID', `the kept result has no part ${short(part)}`, {
    hint: `its parts are ${[...kept.parts.keys()].join(', ')}`,
  });
}

/** Ends at a line break when one is near, and never inside a surrogate pair. */
function slice(text: string, offset: number, length: number): string {
  let end = Math.min(text.length, offset + Math.max(1, length));
  if (end < text.length) {
    const line = text.lastIndexOf('\n', end) + 1;
    if (line > offset + length / 2) end = line;
    else if (/[\uD800-\uDBFF]/.test(text[end - 1] ?? '')) end += 1;
  }
  return text.slice(offset, end);
}

function textOf(block: Json | undefined): string | undefined {
  return isObject(block) && block.type === 'text' && typeof block.text === 'string' ? block.text : undefined;
}

const note = (text: string): Json => ({ type: 'text', text: `[${text}]` });
const whole = (block: Json): JsonObject => ({ content: [block] });
const count = (value: unknown, fallback: number) =>
  Number.isInteger(Number(value ?? Number.NaN)) && Number(value) >= 0 ? Number(value) : fallback;
