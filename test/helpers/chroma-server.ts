/** A real Chroma server for tests: found by TOOLDEX_TEST_CHROMA or on the PATH; tests that need one are skipped without, and say so. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port.ts';

/** The program that stands for `chroma`; undefined after having printed why there is none. */
export function findChroma(): string | undefined {
  const named = process.env.TOOLDEX_TEST_CHROMA;
  const found =
    named ??
    pathFolders()
      .map((folder) => join(folder, 'chroma'))
      .find(existsSync);
  if (found && existsSync(found)) return found;
  const reason = named
    ? `TOOLDEX_TEST_CHROMA names ${named}, which is not there`
    : 'no chroma on the PATH, and TOOLDEX_TEST_CHROMA is not set';
  process.stderr.write(`skipped: ${reason} (pip install chromadb brings one)\n`);
  return undefined;
}

/** npm's own chroma stands on the PATH of every npm script, and does not run on glibc before 2.38. */
const pathFolders = () =>
  (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));

export interface ChromaServer {
  readonly address: string;
  /** Sends a signal to the server: SIGKILL is a crash, SIGSTOP makes it hang. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startChroma(program: string, dataDir: string): Promise<ChromaServer> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    const args = ['run', '--path', dataDir, '--host', '127.0.0.1', '--port', String(port)];
    const started = spawn(program, args, { stdio: 'ignore' });
    for (let tries = 0; tries < 1_200; tries++) {
      if (started.exitCode !== null) throw new Error(`${program} ended with code ${started.exitCode}`);
      const answer = await fetch(`${address}/api/v2/heartbeat`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return started;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    started.kill('SIGKILL');
    throw new Error(`${program} does not answer on ${address}`);
  }

  async function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  return {
    address,
    signal: (signal) => void child.kill(signal),
    restart: async () => {
      await end();
      child = await launch();
    },
    stop: end,
  };
}
