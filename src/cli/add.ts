/** `tooldex add`: writes a server into the configuration file, from flags or from the MCP Registry's server.json. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { referenceSecrets, unsetVariables } from '../config/secret-values.ts';
import { type PackageKind, readServerJson } from '../config/server-json.ts';
import { GatewayError } from '../errors.ts';
import { edited, save, tellVariables } from './edit-file.ts';
import { type CommonFlags, type Invocation, print, printJson, tell } from './invocation.ts';

export interface AddFlags extends CommonFlags {
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
  { name, args }: { readonly name: string; readonly args: readonly string[] },
  flags: AddFlags,
): Promise<number> {
  const { entry: given, notes } = describe(invocation, args, flags);
  const referenced = referenceSecrets(name, given);
  const unset = unsetVariables(referenced.entry, invocation.env);
  const waits = flags.disabled || unset.length > 0;
  const entry = waits ? { ...referenced.entry, enabled: false } : referenced.entry;
  const edit = edited(invocation, flags, [{ kind: 'add', name, entry }]);
  const file = flags.dryRun ? edit.main : save(invocation, edit);
  if (flags.json) printJson(invocation, { file, name, entry, notes, variables: unset, written: !flags.dryRun });
  else print(invocation, `${flags.dryRun ? 'would add' : 'added'} ${name} to ${file}: ${JSON.stringify(entry)}`);
  for (const note of notes) tell(invocation, `note: ${note}`);
  if (referenced.variables.length > 0)
    tell(invocation, 'note: values that look like secrets were replaced by references, and are written nowhere');
  tellVariables(invocation, unset, `, then "tooldex enable ${name}"; until then it is disabled`);
  if (!waits && !flags.dryRun) tell(invocation, `hint: "tooldex index ${name}" asks it for its tools`);
  return 0;
}

interface Described {
  readonly entry: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

function describe(invocation: Invocation, args: readonly string[], flags: AddFlags): Described {
  const ways = [flags.command, flags.image, flags.url, flags.from].filter((way) => way !== undefined);
  if (ways.length !== 1) {
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
  if (flags.from !== undefined) {
    const values = { ...pairs(flags.set, '--set', /^([^=]+)=(.*)$/s), ...env, ...headers };
    const read = readServerJson(readText(invocation, flags.from), { values, kind: flags.as });
    const entry = { ...read.entry, ...extra };
    return { entry: merged(merged(entry, 'env', env), 'headers', headers), notes: read.notes };
  }
  const entry = { ...extra, ...main(args, flags) };
  return { entry: merged(merged(entry, 'env', env), 'headers', headers), notes: [] };
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

/** Blanks separate, quotes of both kinds hold together; nothing is expanded. */
function splitWords(text: string): string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
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

function readText({ cwd }: Invocation, file: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw new GatewayError('USAGE', `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
