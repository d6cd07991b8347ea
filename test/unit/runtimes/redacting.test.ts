import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { redacting } from '../../../src/runtimes/redacting.ts';
import type { Endpoint } from '../../../src/runtimes/runtime.ts';
import { StderrRing } from '../../../src/runtimes/stderr-ring.ts';
import { failure } from '../../helpers/failure.ts';

const SECRET = 'tok-12345';
const redact = (text: string) => text.replaceAll(SECRET, '***');

function failing(error: Error) {
  const runtime = {
    prepare: async (onProgress?: (message: string) => void) => {
      onProgress?.(`installing git+https://${SECRET}@x`);
      throw error;
    },
    launch: () => Promise.reject(error),
  };
  return redacting(runtime, redact);
}

describe('what a runtime says of a failure', () => {
  const leaky = new GatewayError('START_FAILED', `cannot start /bin/${SECRET}`, {
    hint: `try ${SECRET}`,
    data: { command: 'x', args: [SECRET, 1], tail: { lines: [`a ${SECRET}`] } },
  });

  it.each(['prepare', 'launch'] as const)('has no secrets in it: %s', async (step) => {
    expect(await failure(failing(leaky)[step]())).toMatchObject({
      code: 'START_FAILED',
      message: 'cannot start /bin/***',
      hint: 'try ***',
      data: { command: 'x', args: ['***', 1], tail: { lines: ['a ***'] } },
    });
  });

  it('has none in its progress either', async () => {
    const said: string[] = [];
    await failure(failing(leaky).prepare((message) => said.push(message)));
    expect(said).toEqual(['installing git+https://***@x']);
  });

  it('has none in the last words of a server, of which only the beginning is shown', async () => {
    const ring = new StderrRing();
    ring.push(Buffer.from(`${'x'.repeat(495)}${SECRET}\n`));
    const endpoint = { kind: 'stdio', stderrTail: (mask) => ring.lines(mask) } as Endpoint;
    const launched = await redacting({ prepare: async () => {}, launch: async () => endpoint }, redact).launch();
    expect(launched).toMatchObject({ kind: 'stdio' });
    expect(launched.kind === 'stdio' && launched.stderrTail()).toEqual([`${'x'.repeat(495)}***`]);
  });

  it('is the very error where there is nothing to hide', async () => {
    const plain = new GatewayError('SHUTTING_DOWN', 'bye', { data: { n: 1 } });
    await expect(failing(plain).launch()).rejects.toBe(plain);
    const aborted = new Error('the caller went');
    await expect(failing(aborted).launch()).rejects.toBe(aborted);
  });
});
