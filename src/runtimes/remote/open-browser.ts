/** Shows an address in the user's browser, if this machine has one. */
import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves when the program that opens it has been started, or could not be: whoever waits also printed the address. */
export async function openBrowser(url: URL, env: Environment): Promise<void> {
  const [program, ...args] = opener(env);
  const child = spawn(program, [...args, url.href], { stdio: 'ignore', detached: true, env: { ...env } });
  await new Promise<void>((resolve) => {
    child.once('spawn', resolve);
    child.once('error', () => resolve());
  });
  child.unref();
}

/** `BROWSER` as other programs read it; otherwise what the desktop has for it. */
function opener(env: Environment): [string, ...string[]] {
  if (env.BROWSER) return [env.BROWSER];
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}
