/**
 * Reads the `server.json` of the MCP Registry (https://github.com/modelcontextprotocol/registry, docs/reference/server-json)
 * and says how Tooldex would run it.
 */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { dockerArguments } from './docker-arguments.ts';
import { currentDialect, type Fields, list, text } from './server-json-dialects.ts';
import { InputReader, type InputValues, lacks, type MissingInput } from './server-json-inputs.ts';

export type PackageKind = 'npm' | 'pypi' | 'oci' | 'remote';

export interface ServerJsonOptions {
  /** Values for arguments, variables, headers and environment, by name. */
  readonly values: InputValues;
  /** Which of several ways to run it; the first that Tooldex can without. */
  readonly kind?: PackageKind | undefined;
  /**
   * What becomes of required inputs without a value. `refer` (default): references to the environment, and an error for what
   * is no secret and must be known now. `collect`: they are left out and told in `missing`.
   */
  readonly unset?: 'refer' | 'collect';
  /** Whether packages without an exact version are passed over. */
  readonly exact?: boolean;
}

export interface FromServerJson {
  readonly entry: Readonly<Record<string, unknown>>;
  /** What was left out or has to be done by hand, a sentence each. */
  readonly notes: readonly string[];
  /** With `collect`: what has to be given before it can run. */
  readonly missing: readonly MissingInput[];
  /** Names of given values that it has no input for. */
  readonly unused: readonly string[];
}

/** What a catalog knows a server by. */
export interface ServerJsonFacts {
  /** As `io.github.acme/tracker`; empty in a file that says none. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

interface Way {
  readonly kind: PackageKind;
  readonly fields: Fields;
}

/** Throws USAGE for a file that describes no server that Tooldex can run, or that lacks a value. */
export function readServerJson(content: string, options: ServerJsonOptions): FromServerJson {
  return serverFromJson(parse(content), options);
}

/** The same for what is parsed already. */
export function serverFromJson(value: unknown, options: ServerJsonOptions): FromServerJson {
  const server = describing(value);
  const { kind, exact = false } = options;
  const ways = [...packages(server), ...remotes(server)].filter((way) => !exact || isExact(way));
  const way = kind === undefined ? ways[0] : ways.find((each) => each.kind === kind);
  if (way === undefined) throw unusable(offered(server, exact));
  const reader = new InputReader(options);
  const entry = way.kind === 'remote' ? remoteEntry(way.fields, reader) : packageEntry(way, reader);
  const { unset = 'refer' } = options;
  if (unset === 'refer' && reader.missing.length > 0) throw lacks(reader.missing);
  const { description } = factsOf(value);
  const { notes, missing } = reader;
  return { entry: { ...(description ? { description } : {}), ...entry }, notes, missing, unused: reader.unused() };
}

/** Throws USAGE where no object is. */
export function factsOf(value: unknown): ServerJsonFacts {
  const server = describing(value);
  const description = (text(server.description) || text(server.title)).slice(0, 500);
  return { name: text(server.name), version: text(server.version), description };
}

/** The server itself; the registry's API wraps it. */
function describing(value: unknown): Fields {
  if (!isObject(value)) throw unusable('it holds no object');
  const whole = currentDialect(value);
  return isObject(whole.server) ? whole.server : whole;
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw unusable(`it is no JSON: ${(error as Error).message}`);
  }
}

function unusable(reason: string): GatewayError {
  return new GatewayError('USAGE', `this server.json cannot be used: ${reason}`, {
    hint: 'Tooldex runs npm, pypi and oci packages that speak stdio, and remotes; write other servers by hand',
  });
}

function offered(server: Fields, exact: boolean): string {
  const kinds = [...list(server.packages), ...list(server.remotes)].map((fields) => {
    const { registryType, type, transport, version } = fields;
    const way = [registryType ?? 'remote', isObject(transport) ? transport.type : type].filter(Boolean).join(' over ');
    return exact && registryType !== undefined ? `${way} in version "${text(version)}"` : way;
  });
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

/** What is there tomorrow as it is today; a remote is what it is. */
function isExact({ kind, fields }: Way): boolean {
  if (kind === 'remote') return true;
  if (kind === 'oci') return /[:@][^/]+$/.test(imageOf(fields)) && !/:latest$/.test(imageOf(fields));
  return /^v?\d[\w.!+-]*$/.test(text(fields.version));
}

function packageEntry(way: Way, reader: InputReader): Fields {
  const { kind, fields } = way;
  if (text(fields.identifier) === '') throw unusable('a package has no identifier');
  const env = reader.named(fields.environmentVariables, 'environment variable');
  const args = reader.arguments(fields.packageArguments);
  const before = reader.arguments(fields.runtimeArguments);
  if (kind === 'oci') return imageEntry(fields, { before, args, env }, reader);
  noteOtherRegistry(fields, reader);
  const npm = kind === 'npm';
  const own = before.filter((arg) => !npm || !/^(-y|--yes)$/.test(arg));
  const words = [...(npm ? ['-y'] : []), ...own, versioned(fields, npm ? '@' : '=='), ...args];
  return { command: npm ? 'npx' : 'uvx', args: words, ...(hasAny(env) ? { env } : {}) };
}

function versioned({ identifier, version }: Fields, separator: string): string {
  return text(version) === '' ? text(identifier) : `${text(identifier)}${separator}${text(version)}`;
}

const OWN_REGISTRIES = /^https:\/\/(registry\.npmjs\.org|(www\.)?pypi\.org)(\/|$)/;

function noteOtherRegistry({ registryBaseUrl }: Fields, { notes }: InputReader): void {
  if (text(registryBaseUrl) === '' || OWN_REGISTRIES.test(text(registryBaseUrl))) return;
  notes.push(`its registry ${text(registryBaseUrl)} has to be set for npm or uv, which Tooldex asks for packages`);
}

interface Words {
  /** For docker, before the image. */
  readonly before: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function imageEntry(fields: Fields, { before, args, env }: Words, { notes }: InputReader): Fields {
  const docker = dockerArguments(before);
  const all = { ...docker.env, ...env };
  if (docker.leftOut.length > 0) {
    const words = docker.leftOut.join(' ');
    notes.push(`its arguments for docker were left out: ${words}; write "mounts", "network" or "env" instead`);
  }
  notes.push('containers have no network by default: write "network: bridge" if it needs the Internet');
  return { image: imageOf(fields), ...(args.length > 0 ? { args } : {}), ...(hasAny(all) ? { env: all } : {}) };
}

/** With its registry and its tag, wherever the file says them. */
function imageOf(fields: Fields): string {
  const [identifier, version] = [text(fields.identifier), text(fields.version)];
  const host = text(fields.registryBaseUrl)
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '');
  const hasHost = /^(localhost|[^/]*[.:][^/]*)\//.test(identifier);
  const name = hasHost || host === '' || /(^|\.)docker\.(io|com)$/.test(host) ? identifier : `${host}/${identifier}`;
  return /[:@][^/]+$/.test(identifier) || version === '' ? name : `${name}:${version}`;
}

function remoteEntry(fields: Fields, reader: InputReader): Fields {
  const headers = reader.named(fields.headers, 'header');
  const url = reader.filled(text(fields.url), fields.variables, 'part of the address');
  const transport = fields.type === 'sse' ? 'sse' : 'streamable-http';
  return { url, transport, ...(hasAny(headers) ? { headers } : {}) };
}

const hasAny = (values: object) => Object.keys(values).length > 0;
