/** A failed assertion of a library in a bundle: to say which line failed, Node reads the bundle, which takes seconds. */
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

it('an answer that fails an assertion of undici fails without its line of source', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write('HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const dir = await tempDir();
  const servers = { far: { url: `http://127.0.0.1:${port}/mcp` } };
  const config = join(dir, 'tooldex.json');
  await writeFile(config, JSON.stringify({ data_dir: join(dir, 'data'), servers }));
  const { code, stderr } = await runCli(['call', '--config', config, 'far:x', '{}']);
  expect(stderr).toContain('an assertion of undici failed');
  expect(code).toBe(69);
});
