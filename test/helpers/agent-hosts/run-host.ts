/** One run of an agent host from its prompt to its last word, in folders of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Destination } from '../mcp-client.ts';
import { descendants, endProcess, gone } from '../process-table.ts';
import type { AgentHost } from './agent-host.ts';
import { installed } from './installed-host.ts';

export interface HostRun {
  /** Where the host's home, working directory and temporary files go. */
  readonly folder: string;
  readonly model: URL;
  readonly gateway: Destination;
  readonly prompt: string;
}

export interface HostResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const GIVE_UP_MS = 90_000;

export async function runHost(host: AgentHost, run: HostRun): Promise<HostResult> {
  const [home, cwd, temp] = [join(run.folder, 'home'), join(run.folder, 'work'), join(run.folder, 'tmp')];
  for (const folder of [home, cwd, temp]) mkdirSync(folder);
  const launch = host.launch(await installed(host), { ...run, home, cwd });
  const env = { ...inherited(), HOME: home, TMPDIR: temp, ...launch.env };
  const child = spawn(launch.command, launch.args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => void endTree(child.pid), GIVE_UP_MS);
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  try {
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** Hosts get no more of the test's environment than what finds programs, and the marks of the census. */
function inherited(): Record<string, string> {
  const { PATH = '', TOOLDEX_TEST_RUN = '' } = process.env;
  return { PATH, TOOLDEX_TEST_RUN, NO_COLOR: '1' };
}

async function endTree(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  const all = [pid, ...descendants(pid)];
  for (const each of all) endProcess(each);
  await gone(all);
}
