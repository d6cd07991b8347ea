/** Renders the JSON schema and the reference page of the configuration from the schema that the gateway validates with. */
import * as z from 'zod';
import { yamlDocument } from '../src/config/schema.ts';
import { SERVER_KEY_GROUPS } from '../src/config/server-schema.ts';
import { DURATION_PATTERN, SIZE_PATTERN } from '../src/config/units.ts';

/** The part of JSON Schema that the configuration uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly const?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** `config/schema.json`, in the draft that editors understand. */
export function renderSchema(): string {
  const schema = z.toJSONSchema(yamlDocument, { target: 'draft-7', io: 'input' });
  const described = {
    ...schema,
    title: 'Tooldex configuration',
    description: 'Generated from src/config/schema.ts by scripts/generate-config-docs.mjs.',
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

/** `docs/CONFIGURATION.md`. */
export function renderDocs(): string {
  const root = JSON.parse(renderSchema()) as Schema;
  const properties = root.properties ?? {};
  const server = { ...root.definitions?.clientServer?.properties, ...root.definitions?.server?.properties };
  const blocks = ['listen', 'auth', 'access', 'search', 'catalog', 'defaults', 'audit', 'log'].map((name) =>
    section(`\`${name}\``, propertiesOf(root, properties[name])),
  );
  const profile = blockOf(resolve(root, properties.profiles).additionalProperties);
  const search = propertiesOf(root, properties.search);
  const kinds = ['embedder', 'store'].flatMap((key) => kindSections(key, resolve(root, search[key]).oneOf ?? []));
  const groups = SERVER_KEY_GROUPS.map(({ title, keys }) => section(title, pick(server, keys)));
  return [
    OPENING,
    section('Top level', pick(properties, Object.keys(properties))),
    ...blocks,
    section('`limits` of callers', propertiesOf(root, properties.limits)),
    section('`jwt` of `auth`, each', propertiesOf(root, resolve(root, propertiesOf(root, properties.auth).jwt).items)),
    section('`cloudflare_access` of `auth`', propertiesOf(root, propertiesOf(root, properties.auth).cloudflare_access)),
    section(
      '`rules` of `access`, each',
      propertiesOf(root, resolve(root, propertiesOf(root, properties.access).rules).items),
    ),
    ...kinds,
    SERVERS,
    ...groups,
    section('`limits` of a server', propertiesOf(root, server.limits)),
    section('`tools` of a server', propertiesOf(root, server.tools)),
    section('`profiles`, each', propertiesOf(root, profile)),
    section('`tools` of a profile', propertiesOf(root, propertiesOf(root, profile).tools)),
    section('`annotations` of a profile', propertiesOf(root, propertiesOf(root, profile).annotations)),
    section('`mounts`, each', propertiesOf(root, resolve(root, server.mounts).items)),
    REFERENCES,
  ].join('\n');
}

const blockOf = (schema: Schema | boolean | undefined) => (typeof schema === 'object' ? schema : undefined);

/** One table a kind that a block can be of. */
function kindSections(key: string, variants: readonly Schema[]): string[] {
  return variants.map(({ properties = {} }) =>
    section(`\`search.${key}\`: \`kind: ${properties.kind?.const}\``, properties),
  );
}

function pick(properties: Readonly<Record<string, Schema>>, keys: readonly string[]): Record<string, Schema> {
  return Object.fromEntries(keys.map((key) => [key, properties[key] ?? {}]));
}

function propertiesOf(root: Schema, schema: Schema | undefined): Readonly<Record<string, Schema>> {
  return resolve(root, schema).properties ?? {};
}

/** Follows `$ref`, and leaves out the null that stands for an empty block. */
function resolve(root: Schema, schema: Schema | undefined): Schema {
  const target = schema?.$ref ?? schema?.allOf?.[0]?.$ref;
  if (target) return resolve(root, root.definitions?.[target.split('/').at(-1) ?? '']);
  return schema?.anyOf?.find(({ type }) => type !== 'null') ?? schema ?? {};
}

function section(title: string, properties: Readonly<Record<string, Schema>>): string {
  const rows = Object.entries(properties).map(([key, schema]) => {
    const example = schema.examples?.[0] === undefined ? '' : ` For example \`${inline(schema.examples[0])}\`.`;
    const otherwise = schema.default === undefined ? '' : `\`${inline(schema.default)}\``;
    return `| \`${key}\` | ${kindOf(schema)} | ${otherwise} | ${cell(`${schema.description ?? ''}${example}`)} |`;
  });
  return [`### ${title}\n`, '| key | value | default | |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function kindOf(schema: Schema): string {
  const plain = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  const choices = choicesOf(plain);
  if (choices.length > 0) return choices.map((choice) => `\`${choice}\``).join(' ');
  if (plain.pattern === DURATION_PATTERN) return 'duration';
  if (plain.pattern === SIZE_PATTERN) return 'size';
  if (plain.type === 'array') return plain.items?.type === 'string' ? 'list of texts' : 'list';
  if (plain.type === 'object' && !plain.properties)
    return isBlock(plain.additionalProperties) ? 'names to blocks' : 'names to texts';
  return plain.$ref || plain.allOf || plain.oneOf ? 'block' : (TYPE_WORDS[plain.type ?? ''] ?? 'anything');
}

const choicesOf = (schema: Schema) => schema.enum ?? (schema.const === undefined ? [] : [schema.const]);

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'block',
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` `false`',
};

function isBlock(schema: Schema | boolean | undefined): boolean {
  return typeof schema === 'object' && schema.type !== 'string';
}

function inline(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const OPENING = `<!-- Generated from src/config/schema.ts by \`node scripts/generate-config-docs.mjs\`; a test keeps it so. -->
# Configuration

One YAML file (1.2). It is strict: an unknown key, a key twice, a key that would do nothing, a value of the wrong kind
or a reference to nothing is an error with file, line and column, and all of them are told at once:

\`\`\`
tooldex.yaml:12:5: unknown key "comand" — did you mean "command"?
tooldex.yaml:19:19: "idle_timeout": "30" is not a duration — it needs a unit: "30s" or "30ms"
\`\`\`

\`tooldex check\` says what a file means without starting anything. Editors that know the YAML language server complete
and check keys when the file begins with \`# yaml-language-server: $schema=<path to config/schema.json>\`.

**Which file.** \`--config FILE\`; without it, in a checkout \`config/tooldex.yaml\`; in an installed Tooldex
\`$XDG_CONFIG_HOME/tooldex/tooldex.yaml\` (usually \`~/.config/tooldex/tooldex.yaml\`) where that exists, and else the
default that comes with the package. Files of the folder you happen to be in are never taken by themselves, for they
name programs to run.

**Where the data go.** \`--data-dir DIR\`, or else \`data_dir\` of the file; without both, \`.tooldex\` of a checkout for
every file in that checkout; \`$XDG_DATA_HOME/tooldex\` (usually \`~/.local/share/tooldex\`) for the file under
\`$XDG_CONFIG_HOME\` and for the packaged default; \`.tooldex\` beside any other file.

**Values.** A duration is written \`500ms\`, \`30s\`, \`5m\`, \`1h30m\` or \`2d\`, a size \`64KiB\`, \`512MiB\` or \`1GB\`; a bare
number is an error, since nobody can know its unit. Relative paths start at the folder of the file, \`~\` is your home.

## Keys
`;

const SERVERS = `## Servers

\`servers\` has one block for each server. \`tools\` is another word for it, and \`mcpServers\` takes what MCP clients have in
their files. A file whose name ends in \`.json\` or \`.jsonc\` is read as JSON with comments, so the file of a client can be
used as it is. A name has letters, digits, \`-\`, \`_\` and \`.\`; \`tooldex\` is taken.

A server says what it runs with one of \`command\` (native), \`image\` (container) or \`url\` (remote).
`;

const REFERENCES = `## References

They work in every value but \`description\`, are expanded once, and never in what they expand to.

| reference | stands for |
|---|---|
| \`\${env:NAME}\` | an environment variable of Tooldex; \`\${env:NAME:-text}\` has a text for when it is not set |
| \`\${file:path}\` | the content of a file, without its last line break; at most 64 KiB |
| \`\${workspace}\` | the server's own folder; needs the key \`workspace\` |
| \`\${NAME}\` | the same as \`\${env:NAME}\`, in \`mcpServers\` and in JSON files only, as MCP clients write it |
| \`$\${\` | a literal \`\${\` |

What is not set is an error that names the key, except in a server with \`enabled: false\`. Values that come from references,
and literal ones under names such as \`API_TOKEN\` or \`Authorization\`, are printed as \`***\`. A file that was valid is
remembered as JSON in the data folder (\`cache/config.json\`, readable by you alone) so that the next start need not parse it;
references are remembered as references.
`;
