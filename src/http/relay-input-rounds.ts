/** A modern server's wish for input, fulfilled by a legacy client: each question is asked, then the call is made again. */
import { randomUUID } from 'node:crypto';
import { requireDeclared } from '../bridge/declared.ts';
import type { AskableClient, AskedRequest } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** No honest server needs more; one that asks without end must not keep a user answering. */
const ROUNDS_MAX = 16;

export interface InputRounds {
  readonly client: AskableClient | undefined;
  readonly signal: AbortSignal;
  readonly request: (params: JsonObject) => Promise<JsonObject>;
}

/** The result that is complete. Throws what the client's refusals are, and UPSTREAM_ERROR when there is nobody to ask. */
export async function withInputRounds(params: JsonObject, rounds: InputRounds): Promise<JsonObject> {
  let result = await rounds.request(params);
  for (let round = 1; result.resultType === 'input_required'; round++) {
    if (!rounds.client || round > ROUNDS_MAX) throw unanswered(result);
    const inputResponses = await askAll(result.inputRequests, rounds.client, rounds.signal);
    const { requestState } = result;
    result = await rounds.request({
      ...params,
      inputResponses,
      ...(requestState === undefined ? {} : { requestState }),
    });
  }
  return result;
}

/** None is asked if one of them cannot be. */
async function askAll(requests: unknown, client: AskableClient, signal: AbortSignal): Promise<JsonObject> {
  const asked = Object.entries(isObject(requests) ? (requests as JsonObject) : {}).map(toQuestion);
  for (const question of asked) requireDeclared(client.capabilities, question);
  const answers = asked.map(async (question) => [question.id, await client.request(question, signal)] as const);
  return Object.fromEntries(await Promise.all(answers));
}

function toQuestion([id, request]: [string, Json]): AskedRequest & { readonly id: string } {
  const { method, params } = isObject(request) ? request : {};
  return { id, method: String(method), params: named(isObject(params) ? (params as JsonObject) : {}) };
}

/** Older versions want each page that the user is to visit to have a name; 2026-07-28 has none. */
function named(params: JsonObject): JsonObject {
  return params.mode === 'url' && params.elicitationId === undefined
    ? { ...params, elicitationId: randomUUID() }
    : params;
}

function unanswered(result: JsonObject): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', 'the server wants input that this client cannot give', {
    hint: 'Use a client that declares the capability, such as elicitation.',
    data: { result },
  });
}
