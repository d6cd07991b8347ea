/** A process that holds servers in a pool until it is killed; `killed-gateway.test.ts` bundles and runs it. */
import { createPool } from '../../../src/lifecycle/create-pool.ts';
import { createLedger } from '../../../src/lifecycle/ledger.ts';
import { createParentGuard } from '../../../src/runtimes/native/parent-guard.ts';
import { ProcessEndpoint } from '../../../src/runtimes/native/process-endpoint.ts';
import { spawnGroup } from '../../../src/runtimes/native/spawn-group.ts';
import { systemClock } from '../../../src/stdx/clock.ts';

const [ledger = '', fixtures = '', ...names] = process.argv.slice(2);
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));

/** With a watcher, whoever bundles this sees from the first start on; without, when all are up. */
const isWatched = process.env.WATCHED !== undefined;
const guard = isWatched ? createParentGuard() : undefined;

const pool = createPool({
  servers: (server) => ({
    mode: 'daemon',
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    startTimeoutMs: 60_000,
    runtime: {
      async prepare() {},
      async launch() {
        const file = `${fixtures}/${server.split('#')[0]}.mjs`;
        const args = [file, ...(server.startsWith('forks') ? ['--ignore-term'] : [])];
        const line = { server, command: process.execPath, args, env, cwd: process.cwd() };
        return new ProcessEndpoint(await spawnGroup(line, guard), { graceMs: 1000, termMs: 1000 }, guard);
      },
    },
  }),
  clock: systemClock,
  clientInfo: { name: 'killed-gateway', version: '1' },
  ledger: createLedger(ledger),
  onChange: ({ event }) => {
    if (isWatched && event.kind === 'opened') process.stdout.write('.');
  },
});

void Promise.all(names.map((name) => pool.acquire(name))).then(() => process.stdout.write('up\n'));
