/** Process entry: arguments and environment in, exit code out. */
import { join } from 'node:path';
import { run } from './cli/run.ts';

void run({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  packageRoot: join(__dirname, '..'),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
