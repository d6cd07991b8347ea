/** Who starts the gateway may keep a pipe for its log and never read it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { BIN } from '../../helpers/cli.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Open for writing, and so full that nothing more goes in. */
function fullPipe(folder: string): number {
  const path = join(folder, 'log');
  execFileSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  for (const bytes of [4096, 1]) while (isWritten(pipe, bytes));
  return pipe;
}

function isWritten(pipe: number, bytes: number): boolean {
  try {
    return writeSync(pipe, Buffer.alloc(bytes, 10)) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}

test.skipIf(process.platform === 'win32')('serves and ends when nobody reads its log', async () => {
  const folder = tempDir('unread-log');
  const pipe = fullPipe(folder);
  const args = [BIN, 'serve', '-v', '--port', '0', '--data-dir', join(folder, 'data')];
  const gateway = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', pipe] });
  try {
    let url = '';
    for await (const line of gateway.stdout ? createInterface({ input: gateway.stdout }) : []) {
      url = /serves MCP at (\S+)/.exec(line)?.[1] ?? '';
      if (url) break;
    }
    expect((await fetch(new URL('/healthz', url))).ok).toBe(true);
    gateway.kill('SIGTERM');
    const [code] = await once(gateway, 'exit');
    expect(code).toBe(0);
  } finally {
    gateway.kill('SIGKILL');
    closeSync(pipe);
  }
});
