/** `tooldex stdio`: the front door for a client that launches its servers, until that client closes the pipe. */
import { listInBackground } from '../gateway.ts';
import { serveOnStdio } from '../gateway-doors.ts';
import type { CommonFlags, Invocation } from './invocation.ts';
import { openGateway } from './open.ts';
import { untilSignal } from './until-signal.ts';

export async function stdio(invocation: Invocation, flags: CommonFlags): Promise<number> {
  const signalled = untilSignal();
  const { gateway, log } = await openGateway(invocation, flags, { levelMin: 'warn' });
  try {
    const session = await serveOnStdio(gateway, { input: invocation.stdin, output: invocation.stdout, log });
    void listInBackground(gateway, log);
    const exitCode = await Promise.race([signalled, session.ended.then(() => 0)]);
    await session.close();
    return exitCode;
  } finally {
    await gateway.close();
  }
}
