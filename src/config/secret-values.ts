/** Finds secrets that stand literally in a server's entry and puts references to the environment in their place. */
import { isObject } from '../stdx/json.ts';
import { SECRET_NAME } from './expander.ts';

type Entry = Readonly<Record<string, unknown>>;

export interface Referenced {
  readonly entry: Entry;
  /** Variables that now have to be set, each once. */
  readonly variables: readonly string[];
}

/** Keys that issuers give a shape of their own, and JSON web tokens. */
const SECRET_SHAPE =
  /^(?:sk-|sk_(?:live|test)_|gh[opusr]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|AIza|ya29\.|hf_|npm_|pypi-|lin_api_|ntn_|eyJ[\w-]+\.)[\w.-]{8,}/;
const SCHEME = /^((?:bearer|basic|token)\s+)(.+)$/i;

const isSecret = (name: string, value: string): boolean =>
  value !== '' &&
  !value.includes('${') &&
  (SECRET_NAME.test(name) || SECRET_SHAPE.test(SCHEME.exec(value)?.[2] ?? value));

/**
 * `server` names what would have no name of its own, such as the variable of a header. `taken` says which value each
 * variable has stood for so far: two servers with different tokens need two variables.
 */
export function referenceSecrets(server: string, entry: Entry, taken = new Map<string, string>()): Referenced {
  const variables = new Set<string>();
  const refer = (name: string, value: string) => {
    const variable = freeName(server, name, (candidate) => (taken.get(candidate) ?? value) === value);
    taken.set(variable, value);
    variables.add(variable);
    return `\${env:${variable}}`;
  };
  const mapped: Record<string, unknown> = { ...entry };
  if (isObject(entry.env)) mapped.env = ofVariables(entry.env, refer);
  for (const key of ['headers', 'additionalHeaders']) {
    if (isObject(entry[key])) mapped[key] = ofHeaders(server, entry[key], refer);
  }
  for (const key of ['url', 'serverUrl', 'httpUrl']) {
    if (typeof entry[key] === 'string') mapped[key] = ofUrl(server, entry[key], refer);
  }
  if (Array.isArray(entry.args)) mapped.args = ofArguments(server, entry.args, refer);
  return { entry: mapped, variables: [...variables] };
}

/** The name itself, or with the server in front, or with a number behind. */
function freeName(server: string, name: string, isFree: (candidate: string) => boolean): string {
  const own = variableName(server);
  const longer = name.startsWith(own) ? name : `${own}_${name}`;
  for (let number = 2; ; number++) {
    const found = [name, longer, `${longer}_${number}`].find(isFree);
    if (found !== undefined) return found;
  }
}

type Refer = (variable: string, value: string) => string;

function ofVariables(env: Entry, refer: Refer): Entry {
  return mapTexts(env, (name, value) => (isSecret(name, value) ? refer(variableName(name), value) : value));
}

function ofHeaders(server: string, headers: Entry, refer: Refer): Entry {
  return mapTexts(headers, (name, value) => {
    if (!isSecret(name, value)) return value;
    const [, scheme = '', secret = value] = SCHEME.exec(value) ?? [];
    return `${scheme}${refer(variableName(server, scheme ? 'token' : name.replace(/^x-/i, '')), secret)}`;
  });
}

function ofUrl(server: string, url: string, refer: Refer): string {
  return url.replace(/(?<=[?&])[^=&#]+=[^&#]+/g, (pair) => {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    return isSecret(name, value) || /^key$/i.test(name) ? `${name}=${refer(variableName(server, name), value)}` : pair;
  });
}

/** `--token=x`, `--token x`, and values that look like a key wherever they stand. */
function ofArguments(server: string, args: readonly unknown[], refer: Refer): readonly unknown[] {
  return args.map((arg, at) => {
    if (typeof arg !== 'string') return arg;
    const [, flag, value] = /^(-{1,2}[\w-]+)=(.+)$/s.exec(arg) ?? [];
    if (flag && value && isSecret(flag, value)) return `${flag}=${refer(variableName(server, flag), value)}`;
    const before = args[at - 1];
    const isValue = typeof before === 'string' && /^-{1,2}[\w-]+$/.test(before) && !arg.startsWith('-');
    if (isValue && isSecret(before, arg)) return refer(variableName(server, before), arg);
    return !arg.startsWith('-') && isSecret('', arg) ? refer(variableName(server, 'token'), arg) : arg;
  });
}

function mapTexts(values: Entry, map: (name: string, value: string) => string): Entry {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? map(name, value) : value]),
  );
}

/** `GITHUB_API_KEY` of these words. */
export function variableName(...words: readonly string[]): string {
  const name = words
    .join('_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toUpperCase();
  return /^[A-Z_]/.test(name) ? name : `_${name}`;
}

/** Variables that the entry refers to and that have no value, without those that have a default. */
export function unsetVariables(entry: unknown, env: Readonly<Record<string, string | undefined>>): string[] {
  const names = [...JSON.stringify(entry).matchAll(/(?<!\$)\$\{env:([A-Za-z_]\w*)\}/g)].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => env[name] === undefined);
}
