/** Gateways whose servers are, by way of a URL, gateways again: themselves or a ring. */
import { writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createGateway } from '../../../src/gateway.ts';
import { serveHttp } from '../../../src/gateway-doors.ts';
import { listen } from '../../helpers/listen.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const PROFILES = { chosen: { servers: ['next'], exposure: 'direct' }, found: { servers: ['next'] } };

/** An address that is there before the gateway which it leads to. */
async function addressAhead() {
  let port = 0;
  const { origin } = await listen((request, response) => {
    const { method, url: path, headers } = request;
    const onward = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (answer) =>
      answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers)),
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  const leadTo = (url: URL) => {
    port = Number(url.port);
  };
  return { origin, leadTo };
}

/** A gateway with one server, `next`, at that address. */
async function gatewayBefore(url: string, { leadTo }: { leadTo: (url: URL) => void } = { leadTo: () => {} }) {
  const folder = tempDir('loop');
  const file = join(folder, 'tooldex.json');
  writeFileSync(file, JSON.stringify({ servers: { next: { url, start_timeout: '10s' } }, profiles: PROFILES }));
  const config = await loadConfig({ file, env: {}, dataDirDefault: join(folder, 'data') });
  const log = () => undefined;
  const gateway = createGateway({ config, version: '0.0.0', env: process.env, modelFolder: folder, log });
  onTestFinished(() => gateway.close());
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log });
  onTestFinished(() => server.close());
  leadTo(server.url);
  const parts = await gateway.open();
  return { list: () => parts.discovery.list('next') };
}

it.each(['/mcp', '/mcp/next', '/mcp/chosen', '/mcp/found'])(
  '#60 a gateway that is its own server at %s is told so',
  async (path) => {
    const own = await addressAhead();
    const { list } = await gatewayBefore(`${own.origin}${path}`, own);
    await expect(list()).rejects.toThrow(/508|a ring/);
  },
);

it('#60 two gateways in a ring of profiles end with an error at one of them', async () => {
  const [one, two] = [await addressAhead(), await addressAhead()];
  const first = await gatewayBefore(`${two.origin}/mcp/chosen`, one);
  const second = await gatewayBefore(`${one.origin}/mcp/chosen`, two);
  await Promise.allSettled([first.list(), second.list()]);
  const outcomes = await Promise.allSettled([first.list(), second.list()]);
  expect(outcomes.map((outcome) => String('reason' in outcome ? outcome.reason : ''))).toContainEqual(
    expect.stringMatching(/508|a ring/),
  );
});

it('#60 two gateways in a ring end with an error at one of them, not with requests without end', async () => {
  const [one, two] = [await addressAhead(), await addressAhead()];
  const first = await gatewayBefore(`${two.origin}/mcp/next`, one);
  const second = await gatewayBefore(`${one.origin}/mcp/next`, two);
  // Whoever is asked while it asks waits for itself until `start_timeout`; whoever asks next is refused.
  await Promise.allSettled([first.list(), second.list()]);
  await expect(first.list()).rejects.toThrow(/508|a ring/);
});

it('says to a server at a URL only hashes of who asks', async () => {
  const seen: IncomingMessage['headers'][] = [];
  const stranger = await listen((request, response) => {
    seen.push(request.headers);
    response.writeHead(404).end();
  });
  const { list } = await gatewayBefore(stranger.href);
  await expect(list()).rejects.toThrow();
  expect(seen[0]?.['x-tooldex-via']).toMatch(/^[0-9a-f]{16}\.[0-9a-f]{16}$/);
});
