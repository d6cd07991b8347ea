/** What an installer needs to know of one installation. */
import type { Environment } from '../native/child-environment.ts';
import type { ParentGuard } from '../native/parent-guard.ts';
import type { PrepareProgress } from '../runtime.ts';
import type { PackageRequest } from './package-request.ts';

export interface InstallJob {
  /** The server that asked first; others may be waiting too. */
  readonly server: string;
  readonly request: PackageRequest;
  /** There, empty, and moved to its final name afterwards. Absolute. */
  readonly folder: string;
  /** The gateway's own environment. */
  readonly env: Environment;
  /** For the installer instead of its own, where answers may be old. Absolute. */
  readonly cacheDir: string | undefined;
  readonly report: PrepareProgress;
  /** Aborted when it takes too long or the gateway closes. */
  readonly signal: AbortSignal;
  readonly guard: ParentGuard | undefined;
}
