/** Process entry: arguments, environment and streams in, exit code out. */
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { run } from './cli/run.ts';

/** Other streams than the process's own when a front has already spoken on those. */
export function start(streams?: { readonly stdin: Readable; readonly stdout: Writable }): void {
  const invocation = {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    packageRoot: join(__dirname, '..'),
    /** Asked for late: opening standard input costs time that only few commands need. */
    get stdin() {
      return streams?.stdin ?? process.stdin;
    },
    stdout: streams?.stdout ?? process.stdout,
    stderr: process.stderr,
  };
  // Whoever reads our words may go away; servers must be stopped all the same, so the run goes on to its end.
  for (const stream of [invocation.stdout, process.stdout, process.stderr]) stream.on('error', IGNORE);
  void run(invocation).then((exitCode) => {
    process.exitCode = exitCode;
  });
}

const IGNORE = () => undefined;
