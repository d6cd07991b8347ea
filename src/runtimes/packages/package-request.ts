/** What a command such as `npx` or `uvx` asks for, once its own options are understood. */
import { createHash } from 'node:crypto';

export interface PackageRequest {
  readonly ecosystem: 'npm' | 'pypi';
  /** Specifiers as npm or pip take them, at least one; the first is the one that was asked for by name. */
  readonly packages: readonly string[];
  /** The program of the package to run; undefined leaves it to the package. */
  readonly bin: string | undefined;
  /** What the server itself is given. */
  readonly args: readonly string[];
  /** Options for the installer, such as another index. */
  readonly options: readonly string[];
  /** A Python version or interpreter, if one was asked for. */
  readonly python?: string;
  /** Lets packages run their own scripts while they are installed. */
  readonly installScripts?: boolean;
}

/** Tells one installation from another; requests that differ in `bin` or `args` only share one. 12 hex digits. */
export function requestHash(request: PackageRequest): string {
  const { ecosystem, packages, options, python, installScripts } = request;
  const identity = JSON.stringify([ecosystem, packages, options, python ?? null, installScripts ?? false]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 12);
}
