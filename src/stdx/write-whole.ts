/** Files that others find as they were or as they are now, and never half of it: written beside and renamed. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';

export interface WholeOptions {
  readonly mode: number;
  /** The bytes are on the disk before the file is in its place. */
  readonly flush?: boolean;
}

/** Throws why it cannot be written; the file is as it was then, and nothing lies beside it. */
export function writeWholeSync(file: string, text: string, options: WholeOptions): void {
  const draft = draftOf(file);
  try {
    writeFileSync(draft, text, { ...options, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    removeIfThere(draft);
    throw error;
  }
}

/** The same for whoever need not wait for the disk. */
export async function writeWhole(file: string, text: string, options: WholeOptions): Promise<void> {
  const draft = draftOf(file);
  try {
    await writeFile(draft, text, { ...options, flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Of this writing alone: others may write the same file at the same time. */
const draftOf = (file: string) => `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.draft`;

function removeIfThere(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // What stood in the way of writing stands in the way of removing; then there is nothing to remove.
  }
}
