/** Running an installer, and breaking that off at any moment. */
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { runInstaller } from '../../../src/runtimes/packages/run-installer.ts';
import { failure } from '../../helpers/failure.ts';

const program = (script: string) => ({
  server: 'demo',
  command: process.execPath,
  args: ['-e', script],
  env: { PATH: process.env.PATH ?? '' },
  cwd: tmpdir(),
});
const run = (script: string, signal: AbortSignal) =>
  runInstaller(program(script), { signal, guard: undefined, onLine: () => {} });

it('gives the exit code and the last lines of both outputs', async () => {
  const script = 'console.log("out"); console.error("err"); process.exitCode = 3';
  const { code, tail } = await run(script, new AbortController().signal);
  expect([code, tail.toSorted()]).toEqual([3, ['err', 'out']]);
});

it('#33 ends one that was broken off while it was being started', async () => {
  const abort = new AbortController();
  const running = failure(run('setInterval(() => {}, 1000)', abort.signal));
  const reason = new GatewayError('SHUTTING_DOWN', 'enough');
  abort.abort(reason);
  expect(await running).toBe(reason);
});
