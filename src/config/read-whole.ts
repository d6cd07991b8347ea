/** Reads files whose names people write: never more than is wanted, and on demand without waiting for what is no file. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export interface ReadOptions {
  readonly bytesMax: number;
  /** Pipes and devices are refused instead of read until their writer ends; for whoever has other things to do. */
  readonly onlyRegular?: boolean | undefined;
}

export type WholeFile = { readonly bytes: Buffer } | { readonly problem: string; readonly cause?: unknown };

/** A configuration is written by people; what is longer is another file. */
export const CONFIG_BYTES_MAX = 4 * 1024 * 1024;

const PROBLEMS: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' };
const CHUNK = 64 * 1024;

/** Links are followed. The problem completes a sentence: `it is a folder`. */
export function readWhole(file: string, { bytesMax, onlyRegular = false }: ReadOptions): WholeFile {
  try {
    // Opening a pipe waits for somebody who writes; Windows knows neither.
    const fd = openSync(file, constants.O_RDONLY | (onlyRegular ? (constants.O_NONBLOCK ?? 0) : 0));
    try {
      const stats = fstatSync(fd);
      if (stats.isDirectory()) return { problem: 'it is a folder' };
      if (onlyRegular && !stats.isFile()) return { problem: 'it is a pipe or a device, not a file' };
      const bytes = stats.size > bytesMax ? undefined : readUpTo(fd, bytesMax);
      return bytes ? { bytes } : { problem: `it is larger than ${shownSize(bytesMax)}` };
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return { problem: PROBLEMS[code ?? ''] ?? code ?? String(cause), cause };
  }
}

/** Undefined when there is more. */
function readUpTo(fd: number, bytesMax: number): Buffer | undefined {
  const chunk = Buffer.allocUnsafe(CHUNK);
  const chunks: Buffer[] = [];
  for (let length = 0; length <= bytesMax; ) {
    const read = readSync(fd, chunk);
    if (read === 0) return Buffer.concat(chunks, length);
    // A pipe gives line by line what is written so.
    chunks.push(Buffer.from(chunk.subarray(0, read)));
    length += read;
  }
  return undefined;
}

const shownSize = (bytes: number) => (bytes < 1024 * 1024 ? `${bytes / 1024}KiB` : `${bytes / 1024 / 1024}MiB`);
