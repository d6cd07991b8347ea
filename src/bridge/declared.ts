/** Whoever has not declared that it can be asked something is not asked: the server is refused, as such a client would refuse it. */
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { AskedRequest } from './upstream-session.ts';

type Question = Pick<AskedRequest, 'method' | 'params'>;

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

const CAPABILITY: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** Throws UPSTREAM_ERROR with the JSON-RPC error that the server is to read. Other methods are the client's to know. */
export function requireDeclared(capabilities: JsonObject, { method, params }: Question): void {
  const name = CAPABILITY[method];
  if (name === undefined) return;
  const declared = capabilities[name];
  if (!isObject(declared)) throw undeclared(method);
  if (name === 'elicitation') requireMode(declared as JsonObject, params.mode ?? 'form');
  const usesTools = params.tools !== undefined || params.toolChoice !== undefined;
  if (name === 'sampling' && usesTools && !isObject(declared.tools))
    throw refusal(INVALID_PARAMS, 'This client has not declared that it can use tools when it samples');
}

export const undeclared = (method: string) =>
  refusal(METHOD_NOT_FOUND, `This client has not declared the capability for ${method}`);

/** Who names no mode means the one that there was first. */
function requireMode({ form, url }: JsonObject, mode: Json): void {
  const hasForm = isObject(form) || !isObject(url);
  if (mode === 'form' ? hasForm : mode === 'url' && isObject(url)) return;
  throw refusal(INVALID_PARAMS, `This client has not declared the mode ${JSON.stringify(mode)} of elicitation`);
}

function refusal(code: number, message: string): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', message, { data: { rpc: { code, message } } });
}
