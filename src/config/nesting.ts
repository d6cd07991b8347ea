/** Which gateways a process runs within: one that is, by way of its own servers, started again would start itself for ever. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { GatewayError } from '../errors.ts';
import type { Config } from './config.ts';

/** In the environment of every native server: who started it, outermost first. Hashes, from which nobody learns a path. */
export const WITHIN_VARIABLE = 'TOOLDEX_WITHIN';

/** Gateways of other configurations may be servers of each other so deep. */
const DEPTH_MAX = 5;

type Identity = Pick<Config, 'source' | 'dataDir'>;
type Environment = Readonly<Record<string, string | undefined>>;

/** What servers of this gateway are told. */
export function withinFor(config: Identity, env: Environment): string {
  return [...gatewaysAbove(env), identityOf(config)].join(',');
}

/** Throws CONFIG_INVALID for a gateway that would be a server of itself, through however many others, or that is too deep. */
export function assertNotWithinItself(config: Identity, env: Environment): void {
  const above = gatewaysAbove(env);
  if (above.includes(identityOf(config))) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `a ring: one of the servers of ${config.source.file} starts this gateway, which is the same one (data folder ${config.dataDir})`,
      { hint: 'remove that server, or let it run with another --config and --data-dir' },
    );
  }
  if (above.length >= DEPTH_MAX) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `this gateway runs within ${above.length} others, each a server of the one before`,
      {
        hint: `let it be at most ${DEPTH_MAX} deep; servers of an inner gateway can be configured in the outer one`,
      },
    );
  }
}

const gatewaysAbove = (env: Environment) => (env[WITHIN_VARIABLE] ?? '').split(',').filter((name) => NAME.test(name));

const NAME = /^[0-9a-f]{16}$/;

function identityOf({ source, dataDir }: Identity): string {
  return createHash('sha256')
    .update(`${real(source.file)}\n${real(dataDir)}`)
    .digest('hex')
    .slice(0, 16);
}

/** However it is spelt; what is not there yet can be no other gateway's either. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
