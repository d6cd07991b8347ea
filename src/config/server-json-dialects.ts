/** The spellings that server.json has had, brought into that of its current schema (2025-12-11). */
import { isObject } from '../stdx/json.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** An empty object for what is none. In texts `${` is written as `$${`: a file from elsewhere refers to nothing of ours. */
export function currentDialect(value: unknown): Fields {
  const camel = camelKeys(value);
  if (!isObject(camel)) return {};
  return isObject(camel.server) ? { ...camel, server: renamed(camel.server) } : renamed(camel);
}

/** Keys whose own keys are names that somebody chose. */
const NAMES_WITHIN: ReadonlySet<string> = new Set(['variables', '_meta', '_Meta']);

/** Before 2025-09-16 keys had underscores, as `environment_variables`. */
function camelKeys(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(camelKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), within(key, item)]));
}

function within(key: string, item: unknown): unknown {
  if (!NAMES_WITHIN.has(key) || !isObject(item)) return camelKeys(item);
  return Object.fromEntries(Object.entries(item).map(([name, one]) => [name, camelKeys(one)]));
}

const camel = (key: string) =>
  /^[a-z]+(_[a-z0-9]+)+$/.test(key) ? key.replace(/_([a-z0-9])/g, (_, one: string) => one.toUpperCase()) : key;

/** Earlier still, packages had a `registry_name` and a `name`, and remotes a `transport_type`. */
function renamed(server: Fields): Fields {
  const detail = isObject(server.versionDetail) ? server.versionDetail : {};
  return {
    ...server,
    ...(server.version === undefined && detail.version !== undefined ? { version: detail.version } : {}),
    ...(server.packages === undefined ? {} : { packages: list(server.packages).map(renamedPackage) }),
    ...(server.remotes === undefined ? {} : { remotes: list(server.remotes).map(renamedRemote) }),
  };
}

function renamedPackage(fields: Fields): Fields {
  const registry = fields.registryType ?? fields.registryName;
  return {
    ...fields,
    ...(registry === undefined ? {} : { registryType: REGISTRIES[text(registry)] ?? registry }),
    ...(fields.identifier === undefined && fields.name !== undefined ? { identifier: fields.name } : {}),
  };
}

const REGISTRIES: Readonly<Record<string, string>> = { docker: 'oci', 'docker-hub': 'oci' };

function renamedRemote(fields: Fields): Fields {
  const type = text(fields.type ?? fields.transportType);
  return { ...fields, type: TRANSPORTS[type] ?? type };
}

const TRANSPORTS: Readonly<Record<string, string>> = {
  streamable: 'streamable-http',
  streamableHttp: 'streamable-http',
  http: 'streamable-http',
};
