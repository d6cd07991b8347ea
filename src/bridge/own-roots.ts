/** Tells a server which folders are its own when it asks for roots, whether or not a client stands behind the call. */
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { undeclared } from './declared.ts';
import type { AskableClient, AskedRequest } from './upstream-session.ts';

/** The `file:` addresses that a server is told, given those of the client behind it (none if it has none). */
export type RootsFor = (ofClient: readonly string[]) => Promise<readonly string[]>;

/** Our own question, which has no other name. */
const ROOTS: AskedRequest = { id: 'roots', method: 'roots/list', params: {} };

/** The client as the server sees it: it always has roots, and they are ours. Everything else is asked of the client itself. */
export function withOwnRoots(client: AskableClient | undefined, rootsFor: RootsFor): AskableClient {
  const capabilities = { ...client?.capabilities, roots: client?.capabilities.roots ?? {} };
  return {
    capabilities,
    async request(asked, signal) {
      if (asked.method === 'roots/list') return { roots: await listRoots(client, rootsFor, signal) };
      if (client) return client.request(asked, signal);
      throw undeclared(asked.method);
    },
  };
}

/** What the client calls a root stays with it. */
async function listRoots(
  client: AskableClient | undefined,
  rootsFor: RootsFor,
  signal: AbortSignal,
): Promise<JsonObject[]> {
  const theirs = await rootsOf(client, signal);
  const addresses = await rootsFor([...theirs.keys()]);
  return addresses.map((uri) => theirs.get(uri) ?? { uri, name: nameOf(uri) });
}

/** By address. A client that does not answer has none. */
async function rootsOf(client: AskableClient | undefined, signal: AbortSignal): Promise<Map<string, JsonObject>> {
  if (!isObject(client?.capabilities.roots)) return new Map();
  const { roots } = await client.request(ROOTS, signal).catch((): JsonObject => ({}));
  const listed = Array.isArray(roots) ? roots.filter(isRoot) : [];
  return new Map(listed.map((root) => [root.uri, root]));
}

const isRoot = (value: Json): value is JsonObject & { uri: string } => isObject(value) && typeof value.uri === 'string';

const nameOf = (uri: string) => decodeURIComponent(uri.replace(/\/+$/, '').split('/').at(-1) ?? '');

export interface RootRounds {
  readonly server: string;
  readonly client: AskableClient;
  readonly signal: AbortSignal | undefined;
  readonly request: (params: JsonObject) => Promise<JsonObject>;
}

/**
 * For modern servers, which ask by their result: what it asks of roots is answered, and the request made again. What it
 * asks besides is the caller's, who comes back with those answers alone; so roots are answered anew then.
 */
export async function withRootRounds(given: JsonObject, { server, client, signal, request }: RootRounds) {
  const params = withoutRoots(given);
  const told: Record<string, Json> = {};
  for (let result = await request(params); ; ) {
    const asked = rootsAskedIn(result);
    if (asked.length === 0) return result;
    if (asked.every((key) => key in told)) return withoutQuestions(server, result, asked);
    const answer = await client.request(ROOTS, signal ?? new AbortController().signal);
    for (const key of asked) told[key] = answer;
    const inputResponses = { ...(params.inputResponses as JsonObject | undefined), ...told };
    const { requestState } = result;
    result = await request({ ...params, inputResponses, ...(requestState === undefined ? {} : { requestState }) });
  }
}

/** Nobody was asked for roots but us, so what a caller tells of them was made up. */
function withoutRoots({ inputResponses, ...params }: JsonObject): JsonObject {
  if (!isObject(inputResponses)) return params;
  const others = Object.entries(inputResponses as JsonObject).filter(
    ([, answer]) => !(isObject(answer) && 'roots' in answer),
  );
  return { ...params, inputResponses: Object.fromEntries(others) };
}

function rootsAskedIn({ resultType, inputRequests }: JsonObject): string[] {
  if (resultType !== 'input_required' || !isObject(inputRequests)) return [];
  const asked = Object.entries(inputRequests as JsonObject);
  return asked.filter(([, value]) => isObject(value) && value.method === 'roots/list').map(([key]) => key);
}

/** It was told, and needs more than that. */
function withoutQuestions(server: string, result: JsonObject, told: readonly string[]): JsonObject {
  const others = Object.entries(result.inputRequests as JsonObject).filter(([key]) => !told.includes(key));
  if (others.length > 0) return { ...result, inputRequests: Object.fromEntries(others) };
  throw new GatewayError('PROTOCOL_VIOLATION', `Server "${server}" asks for its roots again and again`);
}
