/** Process entry: arguments, environment and streams in, exit code out. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { run } from './cli/run.ts';
import type { Json } from './stdx/json.ts';

/** With what a front took of standard input, and the id of the `initialize` that it has answered. */
export function start(taken?: { readonly stdin: Readable; readonly answeredId: Json | undefined }): void {
  const invocation = {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    packageRoot: join(__dirname, '..'),
    /** Asked for late: opening standard input costs time that only few commands need. */
    get stdin() {
      return taken?.stdin ?? process.stdin;
    },
    answeredId: taken?.answeredId,
    piped: new Map<string, Buffer>(),
    stdout: process.stdout,
    stderr: process.stderr,
  };
  // Whoever reads our words may go away; servers must be stopped all the same, so the run goes on to its end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', IGNORE);
  void run(invocation).then((exitCode) => {
    process.exitCode = exitCode;
    endUnread(exitCode);
  });
}

/** A log that nobody reads must not keep us; data on standard output waits for its reader, however slow. */
function endUnread(exitCode: number): void {
  const { stdout, stderr } = process;
  const look = () => {
    if (stderr.writableLength > 0 && stdout.writableLength === 0) process.exit(exitCode);
  };
  setInterval(look, UNREAD_LOG_MS).unref();
}

const UNREAD_LOG_MS = 1_000;

const IGNORE = () => undefined;
