/** `tooldex serve`: the HTTP front door, until a signal. */
import { listInBackground } from '../gateway.ts';
import { serveHttp } from '../gateway-doors.ts';
import { type CommonFlags, type Invocation, print } from './invocation.ts';
import { type ListenFlags, openGateway } from './open.ts';
import { untilSignal } from './until-signal.ts';

export async function serve(invocation: Invocation, flags: CommonFlags & ListenFlags): Promise<number> {
  const ended = untilSignal();
  const { config, gateway, log } = await openGateway(invocation, flags, { levelMin: 'info' });
  try {
    const server = await serveHttp(gateway, { ...config.listen, log });
    print(invocation, `Tooldex ${gateway.identity.version} serves MCP at ${server.url.href}`);
    print(invocation, `paste into your client: ${JSON.stringify(clientEntry(server.url))}`);
    void listInBackground(gateway, log);
    const exitCode = await ended;
    log('info', 'stopping');
    await server.close();
    return exitCode;
  } finally {
    await gateway.close();
  }
}

const clientEntry = (url: URL) => ({ mcpServers: { tooldex: { type: 'http', url: url.href } } });
