/** Starts a program of Node that serves MCP over HTTP, for the benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process';

/** Resolves once it has printed where; rejects when it ends before. Whoever called it ends the process. */
export async function startServing(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const url = /http:\S+\/mcp\b/.exec(text)?.[0];
    if (url) return { child, url };
  }
  throw new Error(`ended before it served: ${text}`);
}
