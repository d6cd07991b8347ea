/** Some tests need the npm registry; where it cannot be reached they are skipped, and say so. */
import { execFileSync } from 'node:child_process';

/** Why tests that install from npm cannot run, printed once per file; undefined when they can. Takes 5 s at most. */
export async function npmUnreachable(): Promise<string | undefined> {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  try {
    const answer = await fetch(new URL('-/ping', registry), { signal: AbortSignal.timeout(5_000) });
    await answer.body?.cancel();
    if (answer.ok) return undefined;
    return say(`${registry} answers ${answer.status}`);
  } catch (error) {
    return say(`${registry} cannot be reached (${error instanceof Error ? error.message : error})`);
  }
}

function say(reason: string): string {
  process.stderr.write(`skipped: the npm registry ${reason}\n`);
  return reason;
}
