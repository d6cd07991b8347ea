/** Where the conformance suite's scenarios for clients come in: each gets a gateway of its own, used as a person would. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client';
import { Turns } from '../../src/stdx/turns.ts';
import { serveGateway, startCli } from './cli.ts';

/** Under which name the gateway knows the suite's server. */
const SERVER = 'remote';
/** The document that the suite takes for the client's own where an authorization server knows such documents. */
const CLIENT_DOCUMENT = 'https://conformance-test.local/client-metadata.json';
/** Nobody logs in for ever. */
const LOGINS_MAX = 4;
/** The suite starts all scenarios at once, which is more than two cores can do in time. */
const AT_ONCE = 2;

export interface Scenario {
  readonly scenario: string;
  readonly revision: string;
  /** The suite's server. */
  readonly url: string;
  readonly context: { readonly client_id?: string; readonly client_secret?: string; readonly toolCalls?: ToolCall[] };
}

interface ToolCall {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
}

export interface ConformanceDesk extends AsyncDisposable {
  /** What to give the suite as its `--command`. */
  readonly command: string;
}

/** Each scenario keeps its files in a folder of its own below `folder`. */
export async function openDesk(folder: string): Promise<ConformanceDesk> {
  const turns = new Turns(AT_ONCE);
  const server = createServer((request, response) => void receive(request, response, { folder, turns }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const shim = fileURLToPath(new URL('../fixtures/conformance/knock.mjs', import.meta.url));
  return {
    command: `${process.execPath} ${shim} http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Place {
  readonly folder: string;
  readonly turns: Turns;
}

async function receive(request: IncomingMessage, response: ServerResponse, { folder, turns }: Place): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const scenario = JSON.parse(Buffer.concat(chunks).toString()) as Scenario;
  const own = join(folder, `${scenario.revision}-${scenario.scenario.replaceAll('/', '-')}`);
  try {
    await turns.run(() => play(scenario, own));
    response.end('done\n');
  } catch (error) {
    response.writeHead(500).end(`${error instanceof Error ? error.stack : error}\n`);
  }
}

async function play(scenario: Scenario, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'tooldex.yaml');
  const oauth = oauthOf(scenario);
  const server = { url: scenario.url, ...(oauth ? { oauth } : {}) };
  writeFileSync(config, JSON.stringify({ servers: { [SERVER]: server } }));
  const flags = ['--config', config, '--data-dir', join(folder, 'data')];
  await using gateway = await serveGateway(flags);
  const done = new Set<string>();
  for (let logins = 0; ; logins++) {
    try {
      return await useServer(scenario, new URL(`${gateway.url}/${SERVER}`), done);
    } catch (error) {
      const told = loginWanted(error);
      if (!told || logins === LOGINS_MAX) throw error;
      await logIn([...told, '--no-browser', ...flags]);
    }
  }
}

function oauthOf({ scenario, context }: Scenario): Record<string, string> | undefined {
  if (scenario === 'auth/basic-cimd') return { client_id: CLIENT_DOCUMENT };
  if (context.client_id === undefined) return undefined;
  return { client_id: context.client_id, client_secret: context.client_secret ?? '' };
}

/** The command that an error tells the user to run, if it is one about a login. */
function loginWanted(error: unknown): string[] | undefined {
  const { message, data } = error as { message?: string; data?: unknown };
  const command = /`tooldex (login [^`]+)`/.exec(`${message} ${JSON.stringify(data)}`)?.[1];
  return command
    ?.replaceAll('\\"', '"')
    .match(/"[^"]*"|\S+/g)
    ?.map((word) => word.replaceAll('"', ''));
}

/** What the user's browser would do: follow the address until it is back at the command line. */
async function logIn(args: readonly string[]): Promise<void> {
  await using cli = startCli(args);
  const [, address] = await cli.printed(/^ {2}(https?:\S+)$/m);
  await fetch(address ?? '');
  const { code, stderr } = await cli.ended;
  if (code !== 0) throw new Error(`the login failed: ${stderr}`);
}

/** What any client would do with any server: look at all there is, and use each tool once. */
async function useServer({ revision, context }: Scenario, url: URL, done: Set<string>): Promise<void> {
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  await client.connect(new StreamableHTTPClientTransport(url));
  try {
    const { tools } = await client.listTools();
    const calls = context.toolCalls ?? tools.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool, tools) }));
    // A call that a login interrupted is made again, the others are not.
    for (const call of calls.filter(({ name }) => !done.has(name))) {
      await client.callTool(call);
      done.add(call.name);
    }
    await readAll(client);
  } finally {
    await client.close();
  }
}

async function readAll(client: Client): Promise<void> {
  const can = client.getServerCapabilities();
  if (can?.resources) {
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
  }
  if (can?.prompts) {
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name });
  }
}

/** One tool of the suite wants to see what became of another's schema on its way. */
function argumentsFor({ name, inputSchema }: Tool, tools: readonly Tool[]): Record<string, unknown> {
  const shown = tools.find((tool) => tool.name === 'json_schema_2020_12_tool')?.inputSchema;
  return name === 'json_schema_echo' && shown ? { schema: shown } : sample(inputSchema);
}

/** A value for each property that has to be there. */
function sample(schema: { properties?: Record<string, unknown>; required?: string[] }): Record<string, unknown> {
  const kinds = (schema.properties ?? {}) as Record<string, { type?: string }>;
  return Object.fromEntries((schema.required ?? []).map((name) => [name, VALUES[kinds[name]?.type ?? 'string']]));
}

const VALUES: Readonly<Record<string, unknown>> = {
  string: 'text',
  number: 2,
  integer: 3,
  boolean: true,
  object: {},
  array: [],
  null: null,
};
