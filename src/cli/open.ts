/** From flags to a configuration and a gateway, the same way for every command. */
import { join } from 'node:path';
import { version } from '../../package.json';
import type { Config } from '../config/config.ts';
import { loadConfigCached } from '../config/load-config.ts';
import { locateConfig } from '../config/locate-config.ts';
import { assertNotWithinItself } from '../config/nesting.ts';
import { Redaction } from '../config/redaction.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { createLog, type Log, type LogLevel } from '../observability/log.ts';
import { type CommonFlags, type Invocation, tell } from './invocation.ts';

export interface ListenFlags {
  readonly host?: string;
  readonly port?: number;
}

export interface Opened {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly log: Log;
  /** Reads the same configuration again, as its file is now. Throws CONFIG_INVALID. */
  readonly load: () => Promise<Config>;
}

/** What loading needs; also for `check`, which loads thoroughly. */
export function loadOptions({ env, cwd, packageRoot, piped }: Invocation, flags: CommonFlags & ListenFlags) {
  const located = locateConfig({ config: flags.config, cwd, env, packageRoot });
  const { host, port, dataDir } = flags;
  return { ...located, env, cwd, piped, overrides: { host, port, dataDir }, productVersion: version };
}

export interface OpenOptions {
  /** It will start servers for whoever asks it, which must not be itself. */
  readonly isServer?: boolean;
  /** What the command logs unless it is told to be verbose. */
  readonly levelMin: LogLevel | 'off';
  readonly wholeResults?: boolean;
  readonly searchPatienceMs?: number;
}

/** Throws CONFIG_INVALID. */
export async function openGateway(
  invocation: Invocation,
  flags: CommonFlags & ListenFlags,
  { levelMin, isServer = false, ...once }: OpenOptions,
): Promise<Opened> {
  const first = await loadConfigCached(loadOptions(invocation, flags));
  if (isServer) assertNotWithinItself(first, invocation.env);
  const redaction = new Redaction(first.redact);
  const { redact } = redaction;
  const config = { ...first, redact };
  const log = createLog({
    write: (line) => invocation.stderr.write(line),
    isFull: () => invocation.stderr.writableLength > LOG_UNREAD_BYTES_MAX,
    redact,
    ...logOptions(config, flags, levelMin),
  });
  for (const warning of config.warnings) tell(invocation, `warning: ${warning}`);
  const modelFolder = join(invocation.packageRoot, 'index', 'model');
  const gateway = createGateway({ config, log, version, env: invocation.env, modelFolder, ...once });
  const load = async () => {
    const next = await loadConfigCached({ ...loadOptions(invocation, flags), onlyRegular: true });
    redaction.add(next.redact);
    return { ...next, redact };
  };
  return { config, gateway, log, load };
}

/** Who starts us may keep a pipe for our log and never read it. */
const LOG_UNREAD_BYTES_MAX = 1024 * 1024;

/** For commands that need the parts once, and say by themselves what comes of it. */
export async function withGateway<Result>(
  invocation: Invocation,
  flags: CommonFlags,
  work: (parts: MetaToolParts, config: Config, gateway: Gateway) => Result | Promise<Result>,
): Promise<Result> {
  const { config, gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    return await work(await gateway.open(), config, gateway);
  } finally {
    await gateway.close();
  }
}

/** What the file says of the log is for those commands that log by themselves. */
function logOptions({ log }: Config, { verbose }: CommonFlags, levelMin: LogLevel | 'off') {
  const wanted = verbose ? VERBOSE[Math.min(verbose, VERBOSE.length) - 1] : undefined;
  if (levelMin === 'off') return { levelMin: wanted ?? levelMin };
  return { levelMin: wanted ?? log.level ?? levelMin, format: log.format };
}

const VERBOSE = ['info', 'debug'] as const;
