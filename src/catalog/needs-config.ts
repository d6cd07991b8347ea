/** What is said of a server that lacks something before it can run: what, and where to put it. */
import { GatewayError } from '../errors.ts';
import type { KnownServer, Unconfigured } from './server-directory.ts';

/** `TRACKER_TOKEN (secret environment variable), folder (argument)`. */
export function missingNames({ missing = [] }: Pick<KnownServer, 'missing'>): string {
  return missing.map(({ name, kind, isSecret }) => `${name} (${isSecret ? 'secret ' : ''}${kind})`).join(', ');
}

/** `needs configuration under "catalog: inputs: tracker:": TRACKER_TOKEN (secret environment variable)`. */
export const missingStatus = (server: Pick<KnownServer, 'name' | 'missing'>): string =>
  `needs configuration under ${placeOf(server)}: ${missingNames(server)}`;

const placeOf = ({ name }: Pick<KnownServer, 'name'>) => `"catalog: inputs: ${name}:"`;

/** Throws NEEDS_CONFIG for a server that lacks something; nothing of it is installed or started. */
export function requireConfigured(server: Pick<KnownServer, 'name' | 'missing'>): void {
  if (server.missing === undefined) return;
  const where = `the admin puts it under ${placeOf(server)} in the configuration file`;
  throw lacking(server, `${where}; it is taken in at once`);
}

/** For a disabled server of the file. */
export function needsVariables(server: Unconfigured): GatewayError {
  const set = `set ${variables(server)} in the environment of Tooldex`;
  return lacking(server, `the admin has to ${set} and start it anew, then "tooldex enable ${server.name}"`);
}

/** `needs configuration: set X in the environment of Tooldex, then enable it`. */
export const unconfiguredStatus = (server: Unconfigured): string =>
  `needs configuration: set ${variables(server)} in the environment of Tooldex, then enable it`;

const variables = ({ missing }: Unconfigured) => missing.map(({ name }) => name).join(', ');

function lacking({ name, missing = [] }: Pick<KnownServer, 'name' | 'missing'>, hint: string): GatewayError {
  const what = missingNames({ missing });
  return new GatewayError('NEEDS_CONFIG', `${name} needs configuration before it can run: ${what}`, {
    hint,
    data: { server: name, missing },
  });
}
