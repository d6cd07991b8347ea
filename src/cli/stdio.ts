/** `tooldex stdio`: the front door for a client that launches its servers, until that client closes the pipe. */
import { listInBackground } from '../gateway.ts';
import { serveOnStdio } from '../gateway-doors.ts';
import type { CommonFlags, Invocation } from './invocation.ts';
import { isAtTerminal, keepCurrent } from './keep-current.ts';
import { openGateway } from './open.ts';
import { tellOfStaleBuild } from './stale-build.ts';
import { untilSignal } from './until-signal.ts';

export async function stdio(
  invocation: Invocation,
  flags: CommonFlags & { readonly profile?: string },
): Promise<number> {
  let reload = () => {};
  const signalled = untilSignal(isAtTerminal(invocation) ? {} : { onHangUp: () => reload() });
  const opened = await openGateway(invocation, flags, { levelMin: 'warn', isServer: true });
  const { gateway, log } = opened;
  const current = keepCurrent({ ...opened, fixed: { listen: opened.config.listen } });
  reload = () => void current.reload();
  const endLook = tellOfStaleBuild(invocation.packageRoot, log);
  try {
    const session = await serveOnStdio(gateway, {
      input: invocation.stdin,
      answeredId: invocation.answeredId,
      output: invocation.stdout,
      log,
      profile: flags.profile,
    });
    void listInBackground(gateway, log);
    const exitCode = await Promise.race([signalled, session.ended.then(() => 0)]);
    await session.close();
    return exitCode;
  } finally {
    endLook();
    current.close();
    await gateway.close();
  }
}
