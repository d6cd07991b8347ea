/**
 * Reads the `server.json` of the MCP Registry (https://github.com/modelcontextprotocol/registry, docs/reference/server-json)
 * and says how Tooldex would run it.
 */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { variableName } from './secret-values.ts';

export type PackageKind = 'npm' | 'pypi' | 'oci' | 'remote';

export interface ServerJsonOptions {
  /** Values for arguments, variables and environment, by name. */
  readonly values: Readonly<Record<string, string>>;
  /** Which of several ways to run it; the first that Tooldex can without. */
  readonly kind?: PackageKind | undefined;
}

export interface FromServerJson {
  readonly entry: Readonly<Record<string, unknown>>;
  /** What was left out or has to be done by hand, a sentence each. */
  readonly notes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

interface Way {
  readonly kind: PackageKind;
  readonly fields: Fields;
}

/** Throws USAGE for a file that describes no server that Tooldex can run, or that lacks a value. */
export function readServerJson(text: string, options: ServerJsonOptions): FromServerJson {
  const whole = camelKeys(parse(text));
  const server = isObject(whole) && isObject(whole.server) ? whole.server : whole;
  if (!isObject(server)) throw unusable('it holds no object');
  const ways = [...packages(server), ...remotes(server)];
  const way = options.kind === undefined ? ways[0] : ways.find(({ kind }) => kind === options.kind);
  if (way === undefined) throw unusable(offered(server));
  const reading = new Reading(options.values);
  const entry = way.kind === 'remote' ? remoteEntry(way.fields, reading) : packageEntry(way, reading);
  const description = typeof server.description === 'string' ? { description: server.description.slice(0, 500) } : {};
  return { entry: { ...description, ...entry }, notes: reading.notes };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw unusable(`it is no JSON: ${(error as Error).message}`);
  }
}

function unusable(reason: string): GatewayError {
  return new GatewayError('USAGE', `this server.json cannot be used: ${reason}`, {
    hint: 'Tooldex runs npm, pypi and oci packages that speak stdio, and remotes; write other servers by hand',
  });
}

function offered(server: Fields): string {
  const kinds = [...list(server.packages), ...list(server.remotes)].map(({ registryType, type, transport }) =>
    [registryType ?? 'remote', isObject(transport) ? transport.type : type].filter(Boolean).join(' over '),
  );
  return kinds.length > 0 ? `it offers ${kinds.join(', ')}` : 'it names neither packages nor remotes';
}

function packages(server: Fields): Way[] {
  return list(server.packages).flatMap((fields): Way[] => {
    const { registryType, transport } = fields;
    const isStdio = !isObject(transport) || transport.type === undefined || transport.type === 'stdio';
    if (!isStdio || (registryType !== 'npm' && registryType !== 'pypi' && registryType !== 'oci')) return [];
    return [{ kind: registryType, fields }];
  });
}

function remotes(server: Fields): Way[] {
  return list(server.remotes)
    .filter(({ type }) => type === 'streamable-http' || type === 'sse')
    .map((fields) => ({ kind: 'remote', fields }));
}

function packageEntry({ kind, fields }: Way, reading: Reading): Fields {
  const env = reading.named(fields.environmentVariables, (name) => name);
  const withEnv = Object.keys(env).length > 0 ? { env } : {};
  const args = reading.arguments(fields.packageArguments);
  const identifier = text(fields.identifier);
  const version = text(fields.version);
  if (identifier === '') throw unusable('a package has no identifier');
  if (kind === 'oci') return { ...ociEntry(fields, reading), ...(args.length > 0 ? { args } : {}), ...withEnv };
  const before = reading.arguments(fields.runtimeArguments).filter((arg) => !/^(-y|--yes)$/.test(arg));
  if (kind === 'npm') {
    const name = version ? `${identifier}@${version}` : identifier;
    return { command: 'npx', args: ['-y', ...before, name, ...args], ...withEnv };
  }
  const name = version ? `${identifier}==${version}` : identifier;
  return { command: 'uvx', args: [...before, name, ...args], ...withEnv };
}

function ociEntry(fields: Fields, reading: Reading): Fields {
  const [identifier, version] = [text(fields.identifier), text(fields.version)];
  if (list(fields.runtimeArguments).length > 0)
    reading.notes.push('its arguments for docker were left out: write "mounts", "network" or "env" instead');
  reading.notes.push('containers have no network by default: write "network: bridge" if it needs the Internet');
  const hasTag = /[:@][^/]+$/.test(identifier);
  return { image: hasTag || version === '' ? identifier : `${identifier}:${version}` };
}

function remoteEntry(fields: Fields, reading: Reading): Fields {
  const headers = reading.named(fields.headers, (name) => `MCP_${name}`);
  const url = reading.filled(text(fields.url), fields.variables);
  const transport = fields.type === 'sse' ? 'sse' : 'streamable-http';
  return { url, transport, ...(Object.keys(headers).length > 0 ? { headers } : {}) };
}

/** Inputs of the format (https://static.modelcontextprotocol.io/schemas, "Input"), each to a value or a reference. */
class Reading {
  readonly notes: string[] = [];
  readonly #values: ServerJsonOptions['values'];

  constructor(values: ServerJsonOptions['values']) {
    this.#values = values;
  }

  /** Environment variables or headers. */
  named(inputs: unknown, variableOf: (name: string) => string): Record<string, string> {
    const entries = list(inputs).flatMap((input): [string, string][] => {
      const name = text(input.name);
      const value = this.#value(input, name) ?? this.#missing(input, variableOf(name));
      if (value === undefined) this.notes.push(`the optional ${name} was left out`);
      return name === '' || value === undefined ? [] : [[name, value]];
    });
    return Object.fromEntries(entries);
  }

  arguments(inputs: unknown): string[] {
    return list(inputs).flatMap((input) => this.#argument(input));
  }

  #argument(input: Fields): string[] {
    const flag = input.type === 'named' ? text(input.name) : '';
    const name = flag.replace(/^-+/, '') || text(input.valueHint) || text(input.name);
    const value = this.#value(input, name) ?? (input.isSecret === true ? this.#missing(input, name) : undefined);
    if (value !== undefined) return flag === '' ? [value] : [flag, value];
    if (input.isRequired !== true) {
      this.notes.push(`the optional argument ${flag || name} was left out`);
      return [];
    }
    const isSwitch = flag !== '' && input.format === undefined && input.valueHint === undefined;
    if (isSwitch) return [flag];
    throw lacks(name, text(input.description));
  }

  /** A text with `{name}` in it. */
  filled(template: string, variables: unknown): string {
    return template.replace(/(?<!\$)\{([\w-]+)\}/g, (whole, name: string) => {
      const input = isObject(variables) && isObject(variables[name]) ? variables[name] : undefined;
      if (input === undefined && this.#values[name] === undefined) return whole;
      const value = this.#value(input ?? {}, name) ?? this.#missing({ isRequired: true, ...input }, name);
      if (value === undefined) throw lacks(name, text(input?.description));
      return value;
    });
  }

  #value(input: Fields, name: string): string | undefined {
    const given = this.#values[name];
    if (given !== undefined) return given;
    if (typeof input.value === 'string') return this.filled(input.value, input.variables);
    return input.isSecret === true || input.default === undefined ? undefined : String(input.default);
  }

  #missing(input: Fields, name: string): string | undefined {
    return input.isRequired === true ? `\${env:${variableName(name)}}` : undefined;
  }
}

function lacks(name: string, description: string): GatewayError {
  return new GatewayError('USAGE', `"${name}" needs a value${description ? `: ${description}` : ''}`, {
    hint: `give it with --set ${name}=...`,
  });
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Files from before the format's camel case say `environment_variables`. */
function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (!isObject(value)) return value;
  const camel = (key: string) =>
    /^[a-z]+(_[a-z0-9]+)+$/.test(key) ? key.replace(/_([a-z0-9])/g, (_, one: string) => one.toUpperCase()) : key;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), camelKeys(item)]));
}
