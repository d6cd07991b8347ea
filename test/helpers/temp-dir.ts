/** Temporary folders that remove themselves, so that nobody forgets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface TempDir extends Disposable {
  readonly path: string;
  /** Removes it now; again does nothing. */
  remove(): void;
}

/** A new folder whose owner removes it: `using dir = makeTempDir()`, or `remove()` in `afterAll`. */
export function makeTempDir(name = 'dir'): TempDir {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  return { path, remove, [Symbol.dispose]: remove };
}

/** Path of a new folder that is removed when the running test ends; call it inside a test or a `beforeEach`. */
export function tempDir(name?: string): string {
  const dir = makeTempDir(name);
  onTestFinished(() => dir.remove());
  return dir.path;
}
