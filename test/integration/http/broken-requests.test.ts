/** What is hardly HTTP, and clients that go away in the middle, over raw connections. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveWithAccess } from '../access/serve-access.ts';

const HEAD = 'HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n';
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** Says this on a connection of its own; all that is answered until the gateway ends it. */
async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  // That it was reset is no news either; `once` would reject with it.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(text);
  await closed;
  return answer;
}

/** Goes away as soon as the beginning was sent. */
async function leave(port: number, text: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(text, resolve));
  socket.resetAndDestroy();
}

describe('#44 two Host headers', () => {
  it.each([
    ['POST /mcp', 'Host: localhost\r\nHost: localhost'],
    ['POST /mcp/one', 'host: localhost\r\nHOST: evil.example'],
    ['GET /healthz', 'Host: localhost\r\nX-Other: 1\r\nHost: localhost'],
  ])('are refused with 400 at %s, and the connection ends', async (target, hosts) => {
    const { port } = await serveWithAccess({ one: { fixture: 'well-behaved' } }, {});
    const again = `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const answer = await say(
      port,
      `${target} ${HEAD}${hosts}\r\nContent-Length: ${PING.length}\r\n\r\n${PING}${again}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*one Host header, not two"}$/s);
    expect(answer.match(/HTTP\/1\.1/g), 'what follows may be meant for anybody').toHaveLength(1);
  });

  it('are not one of them and a name that ends in it', async () => {
    const { port } = await serveWithAccess({}, {});
    const hosts = 'X-Forwarded-Host: localhost\r\nHost: localhost\r\nConnection: close';
    expect(await say(port, `GET /healthz HTTP/1.1\r\n${hosts}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('#44 a client that goes away while it sends', () => {
  const BROKEN = 'Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz no chunk\r\n';
  const HALF = 'Host: localhost\r\nContent-Length: 100\r\n\r\n{';

  it.each(['/api/servers', '/mcp', '/mcp/one'])('is no fault of the gateway at %s', async (path) => {
    const { port, doorLog, ask } = await serveWithAccess({ one: { fixture: 'well-behaved' } }, {});
    expect(await say(port, `POST ${path} ${HEAD}${BROKEN}`)).toMatch(/^HTTP\/1\.1 400 /);
    await leave(port, `POST ${path} ${HEAD}${HALF}`);
    if (path !== '/api/servers') await expect.poll(() => doorLog.join('\n')).toContain('client went away');
    expect((await ask('/healthz')).status).toBe(200);
    expect(doorLog.filter((line) => !line.startsWith('info '))).toEqual([]);
  });
});
