/** Finds out which package a server's command would fetch and run, so that it need not be fetched at each start. */
import { basename } from 'node:path';
import { readNpmRequest } from './npm-request.ts';
import type { PackageRequest } from './package-request.ts';
import { readPypiRequest } from './pypi-request.ts';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Where relative paths of packages start. */
  readonly cwd: string;
  readonly installScripts?: boolean;
}

/** Undefined for any other command, and for forms whose meaning we cannot keep (`npx -c`, `--no-install`, `uvx --env-file`). */
export function recognisePackage(server: ServerCommand): PackageRequest | undefined {
  const [program, ...words] = withoutWindowsShell([server.command, ...server.args]);
  const name = programName(program ?? '');
  const npm = readNpmRequest(name, words, server.cwd);
  if (npm) return server.installScripts ? { ...npm, installScripts: true } : npm;
  return readPypiRequest(name, words, server.cwd);
}

/** `cmd /c npx …` is how configurations made for Windows start npm's scripts. */
function withoutWindowsShell(words: readonly string[]): readonly string[] {
  const [program, flag, ...rest] = words;
  return programName(program ?? '') === 'cmd' && flag?.toLowerCase() === '/c' ? rest : words;
}

function programName(command: string): string {
  return basename(command.replaceAll('\\', '/'))
    .toLowerCase()
    .replace(/\.(exe|cmd|bat|ps1)$/, '');
}
