/** A pool with sessions that a test makes and a clock that it moves, without processes. */
import type { AskableClient } from '../../src/bridge/upstream-session.ts';
import { GatewayError } from '../../src/errors.ts';
import { createPool } from '../../src/lifecycle/create-pool.ts';
import type { CountingSession, OpenSession, PoolOptions, ServerPlan } from '../../src/lifecycle/server-plan.ts';
import type { Endpoint, Runtime } from '../../src/runtimes/runtime.ts';
import { fakeClock } from './fake-clock.ts';

export interface FakeSession extends CountingSession {
  answers: number;
  readonly openedFor: AskableClient | undefined;
  readonly closedWith: string[];
  crash(reason?: string): void;
}

export function fakeSession(openedFor?: AskableClient): FakeSession {
  let resolve: (error: Error) => void = () => {};
  const closed = new Promise<Error>((settle) => {
    resolve = settle;
  });
  const closedWith: string[] = [];
  return {
    facts: { era: 'legacy', protocolVersion: '2025-11-25', serverInfo: {}, capabilities: {}, instructions: undefined },
    closed,
    openedFor,
    answers: 0,
    closedWith,
    crash: (reason = 'it crashed') => resolve(new GatewayError('SERVER_CRASHED', reason)),
    listTools: async () => [],
    request: async () => ({}),
    notify() {},
    onNotification: () => () => {},
    async close(reason) {
      closedWith.push(reason);
      resolve(new GatewayError('SHUTTING_DOWN', reason));
    },
  };
}

/** Where nothing is. */
export const ENDPOINT: Endpoint = {
  kind: 'remote',
  url: new URL('http://fake.invalid'),
  transport: 'auto',
  headers: {},
};

interface Setup extends Partial<Omit<ServerPlan, 'runtime'>> {
  readonly options?: Partial<PoolOptions>;
  readonly open?: OpenSession;
  readonly prepare?: Runtime['prepare'];
  /** Told for whom a plan is asked. */
  readonly plan?: (principal: string | undefined) => void;
}

/** A pool in which every name is a server; `sessions` are those opened so far, oldest first. */
export function fakePool({ options, open, prepare = async () => {}, plan: planned = () => {}, ...plan }: Setup = {}) {
  const clock = fakeClock();
  const sessions: FakeSession[] = [];
  let launches = 0;
  const runtime = {
    prepare,
    async launch() {
      launches++;
      return ENDPOINT;
    },
  };
  let failing = 0;
  const failNext = (count: number) => {
    failing = count;
  };
  const openFake: OpenSession = async (_, { client }) => {
    if (failing-- > 0) throw new GatewayError('START_FAILED', 'no key');
    const session = fakeSession(client);
    sessions.push(session);
    return session;
  };
  const pool = createPool({
    servers: (_, principal) => {
      planned(principal);
      return { runtime, mode: 'daemon', idleTimeoutMs: 1000, startTimeoutMs: 5000, ...plan };
    },
    clock,
    clientInfo: { name: 'test', version: '1' },
    open: open ?? openFake,
    ...options,
  });
  return { pool, clock, sessions, failNext, launches: () => launches };
}
