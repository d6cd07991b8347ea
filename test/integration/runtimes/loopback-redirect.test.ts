/** The page that a login comes back to: any other page may ask for anything there, and the user may give up at any time. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { openLoopbackRedirect } from '../../../src/runtimes/remote/loopback-redirect.ts';
import { failure } from '../../helpers/failure.ts';

async function opened() {
  const redirect = await openLoopbackRedirect(0);
  onTestFinished(() => redirect[Symbol.asyncDispose]());
  return redirect;
}

/** As it stands on the line, which no client library would send. */
function ask(url: URL, path: string): Promise<string> {
  const socket = connect(Number(url.port), url.hostname);
  socket.end(`GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n\r\n`);
  return text(socket);
}

it.each(['//', '/callback', '/callback?state=other', 'http://[/'])('waits on when asked for %s', async (path) => {
  const redirect = await opened();
  const answer = redirect.answer('mine', AbortSignal.timeout(20_000));
  expect(await ask(redirect.url, path)).toMatch(/^HTTP\/1\.1 404 /);
  expect(await ask(redirect.url, '/callback?state=mine&code=7')).toMatch(/^HTTP\/1\.1 200 /);
  expect((await answer).get('code')).toBe('7');
});

it('waits for nobody who gave up before it began', async () => {
  const redirect = await opened();
  const error = new GatewayError('CALL_CANCELLED', 'enough');
  expect(await failure(redirect.answer('mine', AbortSignal.abort(error)))).toBe(error);
});
