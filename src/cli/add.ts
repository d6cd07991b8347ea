/** `tooldex add`: a server from flags or from the MCP Registry's server.json, for the running gateway or into its file. */
import { referenceSecrets, unsetVariables } from '../config/secret-values.ts';
import { type PackageKind, readServerJson } from '../config/server-json.ts';
import { GatewayError } from '../errors.ts';
import type { JsonObject } from '../stdx/json.ts';
import { splitWords } from '../stdx/split-words.ts';
import { type AdminFlags, runningGateway } from './admin-client.ts';
import { type AppliedEdit, applyAt, edited, save, tellApplied, tellVariables } from './edit-file.ts';
import { type Invocation, print, printJson, tell } from './invocation.ts';
import { findServerJson } from './server-json-source.ts';

export interface AddFlags extends AdminFlags {
  readonly command?: string;
  readonly image?: string;
  readonly url?: string;
  readonly from?: string;
  readonly as?: PackageKind;
  readonly env?: readonly string[];
  readonly header?: readonly string[];
  readonly set?: readonly string[];
  readonly description?: string;
  readonly workspace?: string;
  readonly network?: string;
  readonly mode?: string;
  readonly disabled?: boolean;
  readonly dryRun?: boolean;
}

export async function add(
  invocation: Invocation,
  { name: wanted, args }: { readonly name: string; readonly args: readonly string[] },
  flags: AddFlags,
): Promise<number> {
  const { entry: given, notes, name } = await describe(invocation, { wanted, args }, flags);
  const { entry, variables } = referenceSecrets(name, flags.disabled ? { ...given, enabled: false } : given);
  const { file, applied, ...placed } = await place(invocation, { name, entry }, flags);
  const written = !flags.dryRun;
  const done = { file, name, entry: placed.entry, notes, variables: placed.unset, written };
  if (flags.json) printJson(invocation, { ...done, gateway: applied?.url ?? null });
  else print(invocation, `${written ? 'added' : 'would add'} ${name} to ${file}: ${JSON.stringify(placed.entry)}`);
  if (written) tellApplied(invocation, applied);
  for (const note of notes) tell(invocation, `note: ${note}`);
  if (variables.length > 0)
    tell(invocation, 'note: values that look like secrets were replaced by references, and are written nowhere');
  tellVariables(invocation, placed.unset, `, then "tooldex enable ${name}"; until then it is disabled`);
  if (placed.entry.enabled !== false && written)
    tell(invocation, `hint: "tooldex index ${name}" asks it for its tools`);
  return 0;
}

interface Placed {
  readonly file: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** Variables that it needs and that are not set where it is to run. */
  readonly unset: readonly string[];
  readonly applied?: AppliedEdit;
}

type Addition = Pick<Placed, 'entry'> & { readonly name: string };

async function place(invocation: Invocation, { name, entry }: Addition, flags: AddFlags): Promise<Placed> {
  const gateway = flags.dryRun ? undefined : await runningGateway(invocation, flags);
  if (gateway) {
    const applied = await applyAt(gateway, 'POST', '/api/servers', { name, entry: entry as JsonObject });
    const { file, unset } = applied;
    return { file, unset, entry: waiting(entry, unset), applied };
  }
  const unset = unsetVariables(entry, invocation.env);
  const edit = edited(invocation, flags, [{ kind: 'add', name, entry: waiting(entry, unset) }]);
  return { file: flags.dryRun ? edit.main : save(invocation, edit), unset, entry: waiting(entry, unset) };
}

/** A reference to nothing would keep the whole file from loading. */
function waiting(entry: Placed['entry'], unset: readonly string[]): Placed['entry'] {
  return unset.length > 0 ? { ...entry, enabled: false } : entry;
}

interface Described {
  /** What was asked for, or what the catalog would call it. */
  readonly name: string;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

interface Asked {
  readonly wanted: string;
  readonly args: readonly string[];
}

async function describe(invocation: Invocation, { wanted, args }: Asked, flags: AddFlags): Promise<Described> {
  const ways = [flags.command, flags.image, flags.url, flags.from].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw new GatewayError('USAGE', 'say in one way what the server is', {
      hint: 'give one of --command, --image, --url and --from',
    });
  }
  const given = givenBy(flags);
  if (flags.from !== undefined || ways.length === 0) return fromServerJson(invocation, { wanted, given }, flags);
  return { name: wanted, entry: complete({ ...given.settings, ...main(args, flags) }, given), notes: [] };
}

/** What flags say of a server, wherever the rest of it is described. */
interface Given {
  readonly env: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

function givenBy({ env, header, description, workspace, network, mode }: AddFlags): Given {
  return {
    env: pairs(env, '--env', /^([^=]+)=(.*)$/s),
    headers: pairs(header, '--header', /^([^:=]+?)\s*[:=]\s*(.*)$/s),
    settings: {
      ...pick('description', description),
      ...pick('workspace', workspace),
      ...pick('network', network),
      ...pick('mode', mode),
    },
  };
}

async function fromServerJson(
  invocation: Invocation,
  { wanted, given }: { readonly wanted: string; readonly given: Given },
  flags: AddFlags,
): Promise<Described> {
  const { text, shortName = wanted } = await findServerJson(invocation, flags.from ?? wanted, flags);
  const set = valuesOf(flags.set);
  const values = { ...set, ...given.env, ...given.headers };
  const { entry, notes, unused } = readServerJson(text, { values, kind: flags.as });
  const idle = unused.filter((input) => Object.hasOwn(set, input)).map((input) => `it has no input "${input}"`);
  const name = flags.from === undefined ? shortName : wanted;
  return { name, entry: complete({ ...entry, ...given.settings }, given), notes: [...notes, ...idle] };
}

const complete = (entry: Described['entry'], { env, headers }: Given) =>
  merged(merged(entry, 'env', env), 'headers', headers);

function main(args: readonly string[], { command, image, url }: AddFlags): Record<string, unknown> {
  if (command !== undefined) {
    const [program = '', ...rest] = splitWords(command);
    const all = [...rest, ...args];
    return { command: program, ...(all.length > 0 ? { args: all } : {}) };
  }
  const given = args.length > 0 ? { args } : {};
  return image === undefined ? { url, ...given } : { image, ...given };
}

/** A name that stands there several times has several values. */
function valuesOf(given: readonly string[] = []): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const text of given)
    for (const [name, value] of Object.entries(pairs([text], '--set', /^([^=]+)=(.*)$/s)))
      values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

function pairs(given: readonly string[] | undefined, flag: string, form: RegExp): Record<string, string> {
  const entries = (given ?? []).map((text): [string, string] => {
    const [, name, value] = form.exec(text) ?? [];
    if (name !== undefined && value !== undefined) return [name.trim(), value];
    throw new GatewayError('USAGE', `${flag} has no value for "${text.slice(0, 40)}"`, {
      hint: `write ${flag} NAME=value; a secret as ${flag} 'NAME=\${env:NAME}'`,
    });
  });
  return Object.fromEntries(entries);
}

function merged(entry: Readonly<Record<string, unknown>>, key: string, more: Readonly<Record<string, string>>) {
  if (Object.keys(more).length === 0) return entry;
  const before = entry[key];
  return { ...entry, [key]: { ...(typeof before === 'object' ? before : {}), ...more } };
}

const pick = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: value });
