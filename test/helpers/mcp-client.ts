/** Real clients for tests: the official SDKs, old and new, behind one small face. */
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
  SSEClientTransport as SseV2,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { z } from 'zod';

/** `v2-modern` refuses every server that does not speak 2026-07-28; `v2-auto` asks and falls back. */
export type ClientKind = 'v1' | 'v2-legacy' | 'v2-auto' | 'v2-modern';

export type Destination =
  | URL
  | {
      readonly command: string;
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    };

export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

export interface ToolResult {
  readonly content: readonly { readonly type: string; readonly text?: string; readonly [field: string]: unknown }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly [field: string]: unknown;
}

export interface CallControls {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** All progress that comes before the result, of one call at a time. */
  readonly onprogress?: (progress: Progress) => void;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

export interface TestClient extends AsyncDisposable {
  /** What the connection settled on; undefined where the SDK does not tell. */
  readonly protocolVersion: string | undefined;
  readonly instructions: string | undefined;
  /** All pages. */
  listTools(): Promise<ListedTool[]>;
  callTool(name: string, args?: Record<string, unknown>, controls?: CallControls): Promise<ToolResult>;
  /** Any other method; the result as it came. */
  request(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const WHO = { name: 'tooldex-tests', version: '1.0.0' };
const MODES = { 'v2-legacy': 'legacy', 'v2-auto': 'auto', 'v2-modern': { pin: '2026-07-28' } } as const;

/** Connects to a URL over streamable HTTP, or starts a command and speaks over its pipes. */
export function connectClient(
  kind: ClientKind,
  to: Destination,
  headers: Record<string, string> = {},
): Promise<TestClient> {
  return kind === 'v1' ? connectV1(to, headers) : connectV2(kind, to, headers);
}

/** Speaks HTTP+SSE of 2024-11-05. */
export async function connectSse(url: URL): Promise<TestClient> {
  const client = new ClientV2(WHO);
  const transport = new SseV2(url);
  const withProgress = progressOn(transport);
  await client.connect(transport);
  return faceV2(client, withProgress);
}

async function connectV1(to: Destination, headers: Record<string, string>): Promise<TestClient> {
  const client = new ClientV1(WHO);
  const transport = to instanceof URL ? new HttpV1(to, { requestInit: { headers } }) : new StdioV1(stdio(to));
  const withProgress = progressOn(transport);
  await client.connect(transport);
  return {
    protocolVersion: transport instanceof HttpV1 ? transport.protocolVersion : undefined,
    instructions: client.getInstructions(),
    listTools: () => allPages(async (cursor) => await client.listTools({ cursor })),
    callTool: (name, args = {}, controls) =>
      withProgress(
        controls,
        async (given) => (await client.callTool({ name, arguments: args }, undefined, given)) as ToolResult,
      ),
    request: (method, params) => client.request({ method, params }, ANY_RESULT),
    ...closing(client),
  };
}

async function connectV2(
  kind: keyof typeof MODES,
  to: Destination,
  headers: Record<string, string>,
): Promise<TestClient> {
  const client = new ClientV2(WHO, { versionNegotiation: { mode: MODES[kind] } });
  const transport = to instanceof URL ? new HttpV2(to, { requestInit: { headers } }) : new StdioV2(stdio(to));
  const withProgress = progressOn(transport);
  await client.connect(transport);
  return faceV2(client, withProgress);
}

function faceV2(client: ClientV2, withProgress: WithProgress): TestClient {
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    instructions: client.getInstructions(),
    listTools: () => allPages(async (cursor) => await client.listTools({ cursor })),
    callTool: (name, args = {}, controls) =>
      withProgress(controls, async (given) => (await client.callTool({ name, arguments: args }, given)) as ToolResult),
    request: (method, params) => client.request({ method, params }, ANY_RESULT),
    ...closing(client),
  };
}

type WithProgress = <Result>(
  controls: CallControls | undefined,
  call: (controls: CallControls | undefined) => Promise<Result>,
) => Promise<Result>;

/**
 * Progress as it comes over the transport: the SDKs hand none on that they read in one piece with the result, and what comes in
 * one piece is the scheduler's to say. To be called before the client takes the transport.
 */
function progressOn(transport: { onmessage?: ((message: never) => void) | undefined }): WithProgress {
  let tell: CallControls['onprogress'];
  transport.onmessage = ({ method, params }: { method?: string; params?: Progress }) => {
    if (method === 'notifications/progress' && params) tell?.(params);
  };
  return async (controls, call) => {
    if (!controls?.onprogress) return call(controls);
    tell = controls.onprogress;
    return call({ ...controls, onprogress: () => {} }).finally(() => {
      tell = undefined;
    });
  };
}

/** Accepts every object, so that nothing of an answer is checked or taken away. */
const ANY_RESULT = z.looseObject({});

function stdio(to: Exclude<Destination, URL>) {
  const env = { ...inherited(), ...to.env };
  return { command: to.command, args: [...(to.args ?? [])], env, cwd: to.cwd, stderr: 'pipe' as const };
}

/** The SDKs hand on hardly any variable by default; tests hand on all, among them the mark of the test run. */
function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

async function allPages(
  list: (cursor?: string) => Promise<{ tools: ListedTool[]; nextCursor?: string }>,
): Promise<ListedTool[]> {
  const tools: ListedTool[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await list(cursor);
    tools.push(...page.tools);
    cursor = page.nextCursor;
  }
  return tools;
}

function closing(client: { close(): Promise<void> }) {
  const close = () => client.close();
  return { close, [Symbol.asyncDispose]: close };
}
