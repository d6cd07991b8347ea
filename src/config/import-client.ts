/** What of a client's file would come into the configuration: read, never written. */
import { parse as parseToml } from 'smol-toml';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { readClientEntry } from './client-entry.ts';
import { CLIENT_FORMATS, type ClientFormat, type ClientName } from './client-files.ts';
import { parseText } from './parse-text.ts';
import { invalidConfig } from './problems.ts';
import { referenceSecrets, unsetVariables } from './secret-values.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface ImportedServer {
  readonly name: string;
  readonly entry: Fields;
  readonly notes: readonly string[];
  /** Variables that have no value yet; the entry is disabled until they have one. */
  readonly variables: readonly string[];
}

export interface ClientImport {
  readonly servers: readonly ImportedServer[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

export interface ImportOptions {
  readonly client: ClientName;
  readonly file: string;
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws CONFIG_INVALID for a text that cannot be read. Values that look like secrets come out as references. */
export function readClientFile({ client, file, text, env }: ImportOptions): ClientImport {
  const format = CLIENT_FORMATS[client];
  const document = parseClientText(file, text, format.syntax);
  const servers: ImportedServer[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const secrets = new Map<string, string>();
  for (const [given, fields] of serversIn(document, format)) {
    const name = serverName(given);
    const reason = reasonToSkip(name, fields, servers);
    const read = isObject(fields) && reason === undefined ? readClientEntry(fields, client, format) : undefined;
    if (read === undefined) {
      skipped.push({ name: given, reason: reason ?? 'it names neither a command nor an address' });
      continue;
    }
    const { entry } = referenceSecrets(name, read.entry, secrets);
    const variables = unsetVariables(entry, env);
    const waits = variables.length > 0 || read.isIncomplete;
    const renamed = name === given ? [] : [`it was called "${given}"`];
    servers.push({
      name,
      entry: waits ? { ...entry, enabled: false } : entry,
      notes: [...renamed, ...read.notes],
      variables,
    });
  }
  return { servers, skipped };
}

/** The plain value of a client's file; an empty text is an empty object. Throws CONFIG_INVALID. */
export function parseClientText(file: string, text: string, syntax: ClientFormat['syntax']): Fields {
  const bare = text.replace(/^\uFEFF/, '');
  if (bare.trim() === '') return {};
  if (syntax === 'toml') return parseTomlText(file, bare);
  const parsed = parseText(bare, 'json');
  if ('problems' in parsed) throw invalidConfig(file, parsed.problems);
  return isObject(parsed.value) ? parsed.value : {};
}

function parseTomlText(file: string, text: string): Fields {
  try {
    return parseToml(text);
  } catch (error) {
    const [message = 'the syntax is wrong'] = (error as Error).message.split('\n');
    throw new GatewayError('CONFIG_INVALID', `cannot read ${file}: ${message}`, { cause: error });
  }
}

function serversIn(document: Fields, { blocks }: ClientFormat): [string, unknown][] {
  const direct = blocks.flatMap((block) => entriesAt(document, block));
  const projects = isObject(document.projects) ? Object.entries(document.projects) : [];
  return [...direct, ...projects.flatMap(serversOfProject)];
}

/** Claude Code keeps the servers of single projects in the same file, and starts them in the folder of theirs. */
function serversOfProject([folder, project]: [string, unknown]): [string, unknown][] {
  const servers = isObject(project) ? entriesAt(project, 'mcpServers') : [];
  return servers.map(([name, fields]) => {
    const isLocal = isObject(fields) && fields.command !== undefined;
    return [name, isLocal ? { cwd: folder, ...fields } : fields];
  });
}

function entriesAt(document: Fields, block: string): [string, unknown][] {
  const found = block.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);
  const dotted = document[block];
  return Object.entries(isObject(found) ? found : isObject(dotted) ? dotted : {});
}

function serverName(given: string): string {
  return (
    given
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[._-]+|-+$/g, '')
      .slice(0, 64) || 'server'
  );
}

function reasonToSkip(name: string, fields: unknown, earlier: readonly ImportedServer[]): string | undefined {
  if (!isObject(fields)) return 'it is no block of keys';
  if (name === 'tooldex') return 'this is Tooldex itself';
  return earlier.some((server) => server.name === name) ? 'another one has this name already' : undefined;
}
