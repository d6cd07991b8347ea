/** `tooldex serve`: the HTTP front door, until a signal. */
import type { Config } from '../config/config.ts';
import { createConfigFile } from '../config/config-file.ts';
import { ownFileInstead } from '../config/locate-config.ts';
import { listInBackground } from '../gateway.ts';
import { serveHttp } from '../gateway-doors.ts';
import { type CommonFlags, type Invocation, print } from './invocation.ts';
import { isAtTerminal, keepCurrent } from './keep-current.ts';
import { type ListenFlags, loadOptions, openGateway } from './open.ts';
import { namingOwner, noteServing } from './serving.ts';
import { tellOfStaleBuild } from './stale-build.ts';
import { untilSignal } from './until-signal.ts';

export async function serve(invocation: Invocation, flags: CommonFlags & ListenFlags): Promise<number> {
  // A terminal that is closed says so by the signal that asks everybody else to reload.
  let reload = () => {};
  const ended = untilSignal(isAtTerminal(invocation) ? {} : { onHangUp: () => reload() });
  const opened = await openGateway(invocation, flags, { levelMin: 'info', isServer: true });
  const { config, gateway, log } = opened;
  const current = keepCurrent(opened);
  reload = () => void current.reload();
  const endLook = tellOfStaleBuild(invocation.packageRoot, log);
  try {
    const configFile = createConfigFile({
      loadOptions: () => ({ ...loadOptions(invocation, flags), onlyRegular: true }),
      ownFile: (file) => ownFileInstead(file, invocation),
      current: () => current.config,
      reload: current.apply,
    });
    const server = await serveHttp(gateway, { config, ...config.listen, log, configFile }).catch((error: unknown) => {
      throw namingOwner(error, config.dataDir, config.listen);
    });
    const endNote = noteServing(config.dataDir, { url: server.url, file: config.source.file });
    print(invocation, `Tooldex ${gateway.identity.version} serves MCP at ${server.url.href}`);
    print(invocation, `paste into your client: ${JSON.stringify(clientEntry(server.url, config))}`);
    void listInBackground(gateway, log);
    const exitCode = await ended;
    log('info', 'stopping');
    endNote();
    await server.close();
    return exitCode;
  } finally {
    endLook();
    current.close();
    await gateway.close();
  }
}

/** As clients reach it; where keys are asked for, with the place for one. */
function clientEntry(url: URL, { access }: Config) {
  const href = access.publicUrl ? new URL('/mcp', access.publicUrl).href : url.href;
  const headers = access.auth?.apiKeys ? { headers: { Authorization: 'Bearer <key>' } } : {};
  return { mcpServers: { tooldex: { type: 'http', url: href, ...headers } } };
}
