/** A TCP port of loopback that nothing listens on. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** The kernel does not hand the same port out again soon, so that whoever binds it next is nearly always the caller. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
