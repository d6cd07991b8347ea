/** Reads the config of a server that an agent brings, in any of the forms that agents are seen to give. */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { splitWords } from '../stdx/split-words.ts';

const EXAMPLE = 'give an object such as {"command":"npx","args":["-y","package@1.2.3"]}';

/** An entry as under `servers:` of the file, which is not checked here. Throws ARGUMENTS_INVALID. */
export function readOwnConfig(given: unknown): unknown {
  return withArguments(withoutWrapper(typeof given === 'string' ? fromText(given) : given));
}

function fromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('ARGUMENTS_INVALID', 'config is a text that is not JSON', { hint: EXAMPLE, cause });
  }
}

/** `{"mcpServers": {"time": {...}}}`, as it stands in the files of clients. */
function withoutWrapper(config: unknown): unknown {
  const servers = isObject(config) ? (config.mcpServers ?? config.servers) : undefined;
  if (!isObject(servers)) return config;
  const [only, ...others] = Object.values(servers);
  if (only !== undefined && others.length === 0) return only;
  throw new GatewayError(
    'ARGUMENTS_INVALID',
    `config describes ${others.length + (only === undefined ? 0 : 1)} servers`,
    {
      hint: `one server a call; ${EXAMPLE}`,
    },
  );
}

/** `{"command": "npx -y package"}`: the arguments were written behind the program. A path may have blanks of its own. */
function withArguments(config: unknown): unknown {
  if (!isObject(config) || typeof config.command !== 'string' || /^\s*(?:[./~]|\w:)/.test(config.command))
    return config;
  if (config.args !== undefined && !(Array.isArray(config.args) && config.args.length === 0)) return config;
  const [command, ...args] = splitWords(config.command);
  return args.length > 0 ? { ...config, command, args } : config;
}
