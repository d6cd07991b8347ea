/** What is said of a server that lacks something before it can run: what, and where to put it. */
import { GatewayError } from '../errors.ts';
import type { KnownServer } from './server-directory.ts';

/** `TRACKER_TOKEN (secret environment variable), folder (argument)`. */
export function missingNames({ missing = [] }: Pick<KnownServer, 'missing'>): string {
  return missing.map(({ name, kind, isSecret }) => `${name} (${isSecret ? 'secret ' : ''}${kind})`).join(', ');
}

/** Throws NEEDS_CONFIG for a server that lacks something; nothing of it is installed or started. */
export function requireConfigured(server: Pick<KnownServer, 'name' | 'missing'>): void {
  const { name, missing = [] } = server;
  if (missing.length === 0) return;
  throw new GatewayError('NEEDS_CONFIG', `${name} needs configuration before it can run: ${missingNames(server)}`, {
    hint: `the admin puts it under "catalog: inputs: ${name}:" in the configuration file; it is taken in at once`,
    data: { server: name, missing },
  });
}
