/** One server as an MCP client writes it to an entry as Tooldex writes it. */
import { isObject } from '../stdx/json.ts';
import type { ClientFormat, ClientName } from './client-files.ts';
import { variableName } from './secret-values.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface ClientEntry {
  readonly entry: Fields;
  /** What was left out or cannot be known, a sentence each. */
  readonly notes: readonly string[];
  /** Whether something in it means nothing outside of the client, so that it should not run as it is. */
  readonly isIncomplete: boolean;
}

/** Keys that say what the client asks or shows, not what the server is. */
const CLIENT_KEYS = new Set(
  'autoApprove alwaysAllow alwaysLoad trust gallery source default_tools_approval_mode required sampling dev version'.split(
    ' ',
  ),
);

/** Undefined for what is no server of its own, such as one that an extension brings along. */
export function readClientEntry(given: Fields, client: ClientName, format: ClientFormat): ClientEntry | undefined {
  const fields = withoutShell(flattened(given));
  const reading = new EntryReading(client, format);
  const entry = { ...reading.launch(fields), ...reading.remote(fields), ...reading.settings(fields) };
  if (!('command' in entry) && !('url' in entry)) return undefined;
  reading.noteRest(fields);
  return { entry, notes: reading.notes, isIncomplete: reading.isIncomplete };
}

/** Zed once nested `command: {path, args, env}`; opencode has the whole line in `command`. */
function flattened(given: Fields): Fields {
  const { command, ...rest } = given;
  if (isObject(command)) {
    const { path, ...inner } = command;
    return { ...rest, ...inner, command: path };
  }
  if (!Array.isArray(command)) return given;
  const [program, ...args] = command;
  return { ...rest, command: program, args };
}

/** `cmd /c npx ...` is how clients on Windows start what Tooldex starts directly. */
function withoutShell(fields: Fields): Fields {
  const { command, args } = fields;
  const isShell = typeof command === 'string' && /(^|[\\/])cmd(\.exe)?$/i.test(command);
  if (!isShell || !Array.isArray(args) || !/^\/[ck]$/i.test(String(args[0]))) return fields;
  const [, program, ...rest] = args;
  return { ...fields, command: program, args: rest };
}

const KNOWN_KEYS = new Set(
  (
    'command args env environment cwd url serverUrl httpUrl headers additionalHeaders http_headers env_http_headers ' +
    'bearer_token_env_var env_vars type transport enabled disabled includeTools excludeTools disabledTools enabled_tools ' +
    'disabled_tools description startup_timeout_sec tool_timeout_sec'
  ).split(' '),
);

class EntryReading {
  readonly notes: string[] = [];
  isIncomplete = false;
  readonly #client: ClientName;
  readonly #references: ClientFormat['references'];

  constructor(client: ClientName, { references }: ClientFormat) {
    this.#client = client;
    this.#references = references;
  }

  launch({ command, args, env, environment, env_vars, cwd }: Fields): Fields {
    if (typeof command !== 'string' || command === '') return {};
    const named = Object.fromEntries(strings(env_vars).map((name) => [name, `\${env:${name}}`]));
    const variables = { ...this.#texts(env ?? environment), ...named };
    this.#checkPath('command', command);
    if (typeof cwd === 'string') this.#checkPath('cwd', `${cwd}/`);
    return {
      command: this.#text(command),
      ...(strings(args).length > 0 && { args: strings(args).map((arg) => this.#text(arg)) }),
      ...(Object.keys(variables).length > 0 && { env: variables }),
      ...(typeof cwd === 'string' && { cwd: this.#text(cwd) }),
    };
  }

  remote(fields: Fields): Fields {
    const url = [fields.url, fields.serverUrl, fields.httpUrl].find((each) => typeof each === 'string');
    if (typeof url !== 'string' || typeof fields.command === 'string') return {};
    const { bearer_token_env_var: token, env_http_headers: named } = fields;
    const headers = {
      ...this.#texts(fields.headers ?? fields.additionalHeaders ?? fields.http_headers),
      ...mapValues(named, (name) => `\${env:${name}}`),
      ...(typeof token === 'string' && { Authorization: `Bearer \${env:${token}}` }),
    };
    return {
      url: this.#text(url),
      ...transportOf(fields),
      ...(Object.keys(headers).length > 0 && { headers }),
    };
  }

  settings(fields: Fields): Fields {
    const allow = strings(fields.includeTools ?? fields.enabled_tools);
    const deny = strings(fields.excludeTools ?? fields.disabledTools ?? fields.disabled_tools);
    const tools = { ...(allow.length > 0 && { allow }), ...(deny.length > 0 && { deny }) };
    const { startup_timeout_sec: start, tool_timeout_sec: call } = fields;
    return {
      ...(typeof fields.description === 'string' && { description: fields.description.slice(0, 500) }),
      ...((fields.enabled === false || fields.disabled === true) && { enabled: false }),
      ...(Object.keys(tools).length > 0 && { tools }),
      ...(typeof start === 'number' && start > 0 && { start_timeout: milliseconds(start) }),
      ...(typeof call === 'number' && call > 0 && { limits: { timeout: milliseconds(call) } }),
    };
  }

  noteRest(fields: Fields): void {
    for (const key of Object.keys(fields)) {
      if (KNOWN_KEYS.has(key)) continue;
      const isClients = CLIENT_KEYS.has(key);
      this.notes.push(isClients ? `"${key}" concerns the client alone` : `"${key}" was left out`);
      if (key === 'envFile') this.isIncomplete = true;
    }
  }

  #checkPath(key: string, path: string): void {
    const isRelative = /^\.{1,2}[\\/]/.test(path);
    const isForeign = /^[A-Za-z]:[\\/]/.test(path) && process.platform !== 'win32';
    if (isRelative) this.notes.push(`"${key}" is a relative path, which starts elsewhere here — write an absolute one`);
    if (isForeign) this.notes.push(`"${key}" is a path of Windows, which this machine does not have`);
    if (isRelative || isForeign) this.isIncomplete = true;
  }

  #texts(given: unknown): Record<string, string> {
    return mapValues(given, (value) => this.#text(value));
  }

  #text(value: string): string {
    if (this.#references === 'braces') {
      const escaped = value.replaceAll('${', () => '$${');
      return escaped.replace(/\{(env|file):([^{}]+)\}/g, (_, kind: string, name: string) => `\${${kind}:${name}}`);
    }
    if (this.#references === 'none') return value.replaceAll('${', () => '$${');
    const braced = value.replace(/\$\{([^{}]*)\}/g, (whole, name: string) => this.#reference(whole, name));
    return this.#client === 'gemini'
      ? braced.replace(/\$([A-Za-z_]\w*)/g, (_, name: string) => `\${env:${name}}`)
      : braced;
  }

  #reference(whole: string, name: string): string {
    if (name.startsWith('env:')) return whole;
    if (name.startsWith('input:')) return `\${env:${variableName(name.slice('input:'.length))}}`;
    if (name === 'userHome') return `\${env:HOME}`;
    if (/^[A-Z_][A-Z0-9_]*(:-.*)?$/s.test(name)) return `\${env:${name}}`;
    this.notes.push(`"${whole}" means something in the client alone — write what it stands for`);
    this.isIncomplete = true;
    return `$${whole}`;
  }
}

function transportOf({ type, transport, httpUrl }: Fields): Fields {
  const said = type ?? transport;
  if (said === 'sse') return { transport: 'sse' };
  const isHttp = httpUrl !== undefined || /^(http|streamable-?http)$/i.test(String(said));
  return isHttp ? { transport: 'streamable-http' } : {};
}

const milliseconds = (seconds: number) => `${Math.ceil(seconds * 1000)}ms`;

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Clients also take numbers and booleans for variables. */
function mapValues(values: unknown, map: (value: string) => string): Record<string, string> {
  const entries = isObject(values) ? Object.entries(values) : [];
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value !== 'object').map(([key, value]) => [key, map(String(value))]),
  );
}
