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

async function describe(
  invocation: Invocation,
  { wanted, args }: { readonly wanted: string; readonly args: readonly string[] },
  flags: AddFlags,
): Promise<Described> {
  const ways = [flags.command, flags.image, flags.url, flags.from].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw new GatewayError('USAGE', 'say in one way what the server is', {
      hint: 'give one of --command, --image, --url and --from',
    });
  }
  const env = pairs(flags.env, '--env', /^([^=]+)=(.*)$/s);
  const headers = pairs(flags.header, '--header', /^([^:=]+?)\s*[:=]\s*(.*)$/s);
  const extra = {
    ...pick('description', flags.description),
    ...pick('workspace', flags.workspace),
    ...pick('network', flags.network),
    ...pick('mode', flags.mode),
  };
  const complete = (entry: Described['entry']) => merged(merged(entry, 'env', env), 'headers', headers);
  if (flags.from !== undefined || ways.length === 0) {
    const { text, shortName = wanted } = await findServerJson(invocation, flags.from ?? wanted, flags);
    const values = { ...valuesOf(flags.set), ...env, ...headers };
    const { entry, notes, unused } = readServerJson(text, { values, kind: flags.as });
    const idle = unused.filter((input) => input in valuesOf(flags.set)).map((input) => `it has no input "${input}"`);
    const name = flags.from === undefined ? shortName : wanted;
    return { name, entry: complete({ ...entry, ...extra }), notes: [...notes, ...idle] };
  }
  return { name: wanted, entry: complete({ ...extra, ...main(args, flags) }), notes: [] };
}

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
  const values: Record<string, string[]> = {};
  for (const text of given)
    for (const [name, value] of Object.entries(pairs([text], '--set', /^([^=]+)=(.*)$/s)))
      values[name] = [...(values[name] ?? []), value];
  return values;
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
