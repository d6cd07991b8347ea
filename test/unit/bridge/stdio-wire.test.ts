/** JSON lines over streams that a test holds in its hands: what becomes of calls when the other side ends. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { RpcPeer } from '../../../src/bridge/rpc-peer.ts';
import { StdioWire } from '../../../src/bridge/stdio-wire.ts';
import { failure } from '../../helpers/failure.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';

function setUp() {
  const [input, output, clock] = [new PassThrough(), new PassThrough(), fakeClock()];
  let exit: (how: { code: number | null; signal: string | null }) => void = () => {};
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    exit = resolve;
  });
  const process = { kind: 'stdio', input, output, exited, stderrTail: () => [], hasLeftInput: () => false } as const;
  const options = { server: 's', clock };
  const peer = new RpcPeer((ear) => new StdioWire({ ...process, stop: async () => {} }, options, ear), options);
  const written = () => (input.read() as Buffer | null)?.toString() ?? '';
  return { peer, output, clock, exit, written };
}

it.each([
  ['its exit', async ({ exit }: ReturnType<typeof setUp>) => exit({ code: 137, signal: null })],
  ['nothing more', async ({ clock }: ReturnType<typeof setUp>) => clock.advance(500)],
])(
  'does not write a call behind the end of the output, which a fresh server may thus get, when there follows %s',
  async (_, follow) => {
    const made = setUp();
    const begun = failure(made.peer.request('tools/call', { name: 'begun' }));
    await settled();
    expect(made.written()).toContain('begun');
    made.output.end();
    made.output.resume();
    await settled();
    const late = failure(made.peer.request('tools/call', { name: 'late' }));
    await settled();
    await follow(made);
    expect(await late).toMatchObject({ code: 'SERVER_CRASHED', data: { unread: true } });
    expect((await begun).data?.unread, 'it may have been read').toBeUndefined();
    expect(made.written()).toBe('');
  },
);
