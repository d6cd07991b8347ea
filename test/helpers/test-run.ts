/**
 * What one test file leaves behind is nothing: this setup file gives it a folder for everything temporary and a mark that
 * every process inherits, and fails the file when a process or a temporary file is still there after its last test.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { describeProcess, endProcess, processesMarked } from './process-table.ts';

/** Node's own caches may stay; they are no leftovers of a test. */
const TOLERATED = /^(node-compile-cache|v8-compile-cache.*|node-jiti|\.X.*|tsx-\d+)$/;
const GRACE_MS = 15_000;

/** In the names of its temporary folders. */
export const fileMark = `tooldex-test-${randomUUID().slice(0, 8)}`;
const before = { TMPDIR: process.env.TMPDIR, PATH: process.env.PATH, TOOLDEX_TEST_RUN: process.env.TOOLDEX_TEST_RUN };
const folder = join(tmpdir(), fileMark);

mkdirSync(folder);
process.env.TMPDIR = folder;
process.env.TOOLDEX_TEST_RUN = fileMark;
/* A minimal environment keeps PATH when it keeps nothing else, so the mark travels there too; the folder need not exist. */
process.env.PATH = [process.env.PATH, join(folder, 'mark')].join(delimiter);

afterAll(async () => {
  const processes = await survivors();
  const surviving = processes.map(describeProcess);
  for (const pid of processes) endProcess(pid);
  const left = readdirSync(folder).filter((name) => !TOLERATED.test(name));
  rmSync(folder, { recursive: true, force: true });
  for (const [name, value] of Object.entries(before)) restore(name, value);
  expect({ processes: surviving, temporary: left }, 'left behind by this test file').toEqual({
    processes: [],
    temporary: [],
  });
}, 30_000);

/** Processes that stay although they were given a moment to finish exiting. */
async function survivors(): Promise<number[]> {
  const deadline = performance.now() + GRACE_MS;
  for (;;) {
    const found = processesMarked(fileMark);
    if (found.length === 0 || performance.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
