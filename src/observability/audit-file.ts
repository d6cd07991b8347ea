/** Audit lines on their way to a file: bounded in memory and on disk, and never in the way of what they tell of. */
import { appendFile, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditConfig } from '../config/config.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { GatheredLines } from './gathered-lines.ts';
import type { Log } from './log.ts';
import { redactLine } from './redacted-line.ts';

/** What is undefined has no place in the line. */
export type AuditEntry = Readonly<Record<string, Json | undefined>>;

export interface AuditFile {
  /** Returns at once; written within 200 ms. What cannot be written is dropped, counted, and told in a line of its own as soon as it can. */
  write(entry: AuditEntry): void;
  /** The same for an entry that is JSON already, on one line. */
  writeLine(json: string): void;
  /** The same for one of nothing but ASCII, which costs less. */
  writeAscii(json: string): void;
  /** Why lines are being lost; undefined when they are not. */
  problem(): string | undefined;
  /** Resolves when everything is written or known to be lost. */
  close(): Promise<void>;
}

export interface AuditFileOptions extends Pick<AuditConfig, 'file' | 'fileBytesMax' | 'keep'> {
  readonly log: Log;
  /** Applied to each line; replaces secrets. */
  readonly redact: (text: string) => string;
}

/** Held while the disk is slow or full; about 20,000 calls. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** After a failure, so that a full disk is not asked at each call. */
const RETRY_MS = 5_000;
/** Lines of so long are written at once: opening a file for each call would cost more than the rest of the audit. */
const GATHER_MS = 200;

/** Opened anew for each batch, at most five times a second, so that logrotate may move the file away under it. */
export function createAuditFile(options: AuditFileOptions): AuditFile {
  const { file, log, redact } = options;
  const waiting = new GatheredLines();
  let lost = 0;
  let problem: string | undefined;
  /** What was written last, by whomever, may have been cut off. */
  let isUnsure = true;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  const flush = async () => {
    while (waiting.lines > 0 || lost > 0) {
      const { bytes, lines } = waiting.take();
      // More may be lost while this is written.
      const told = lost;
      try {
        await append(afterLoss(told, bytes), { ...options, isUnsure });
        isUnsure = false;
        if (told > 0) log('warn', `audit lines reach ${file} again; ${told} were lost`);
        lost -= told;
        problem = undefined;
      } catch (error) {
        isUnsure = true;
        const isNew = problem === undefined;
        problem = messageOf(error);
        if (isNew) log('error', `audit lines cannot be written to ${file} and are lost: ${problem}`);
        lost += lines;
        later(RETRY_MS);
        return;
      }
    }
  };
  const later = (ms: number) => {
    timer ??= setTimeout(start, ms).unref();
  };
  const start = () => {
    clearTimeout(timer);
    timer = undefined;
    writing ??= flush().finally(() => {
      writing = undefined;
      if (waiting.lines > 0) later(GATHER_MS);
    });
  };
  /** Undefined, and counted, where there is no room for it. */
  const lineOf = (json: string): string | undefined => {
    const line = `${redactLine(json, redact)}\n`;
    if (waiting.bytes + line.length <= WAITING_BYTES_MAX) return line;
    lost += 1;
    return undefined;
  };
  const gather = () => {
    if (!writing) later(GATHER_MS);
  };
  const writeLine = (json: string) => {
    const line = lineOf(json);
    if (line === undefined) return;
    waiting.add(line);
    gather();
  };
  return {
    write: (entry) => writeLine(JSON.stringify(entry)),
    writeLine,
    writeAscii(json) {
      const line = lineOf(json);
      if (line === undefined) return;
      waiting.addAscii(line);
      gather();
    },
    problem: () => problem,
    async close() {
      await writing;
      start();
      await writing;
      clearTimeout(timer);
    },
  };
}

function afterLoss(lines: number, bytes: Buffer): Buffer {
  if (lines === 0) return bytes;
  const loss: JsonObject = { time: new Date().toISOString(), event: 'lost', lines };
  return Buffer.concat([Buffer.from(`${JSON.stringify(loss)}\n`), bytes]);
}

interface Appending extends AuditFileOptions {
  readonly isUnsure: boolean;
}

async function append(bytes: Buffer, { file, fileBytesMax, keep, isUnsure }: Appending): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (!there) await makeFolder(dirname(file));
  else if (there.size >= fileBytesMax) await rotate(file, keep);
  else if (isUnsure && !(await endsLine(file, there.size))) await appendFile(file, '\n');
  await appendFile(file, bytes, { mode: 0o600 });
}

async function endsLine(file: string, size: number): Promise<boolean> {
  if (size === 0) return true;
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer.toString() === '\n';
  } finally {
    await handle.close();
  }
}

/** One by one: where nothing can be made, as in /proc, Node's own recursion never ends. */
async function makeFolder(folder: string): Promise<void> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** The oldest is overwritten by the one before it. */
async function rotate(file: string, keep: number): Promise<void> {
  const nameOf = (age: number) => (age === 0 ? file : `${file}.${age}`);
  for (let age = keep - 1; age >= 0; age -= 1) await rename(nameOf(age), nameOf(age + 1)).catch(ifMissing);
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
