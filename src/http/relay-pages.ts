/** An older server's refusal that names pages to be visited first (-32042), as 2026-07-28 says it: input is required. */
import { rpcDataOf } from '../bridge/server-errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

const URL_ELICITATION_REQUIRED = -32042;

export interface Visitor {
  readonly capabilities: JsonObject;
  /** What its client comes back with. */
  readonly inputResponses: unknown;
}

/** Undefined for any other failure, for a client that visits no pages, and for one that comes back without having done so. */
export function pagesWanted(error: unknown, { capabilities, inputResponses }: Visitor): JsonObject | undefined {
  const data = rpcDataOf(error, URL_ELICITATION_REQUIRED);
  const pages = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations.filter(isObject) : [];
  const { elicitation } = capabilities;
  if (pages.length === 0 || !isObject(elicitation) || !isObject(elicitation.url)) return undefined;
  if (isObject(inputResponses) && !Object.values(inputResponses).every(isAccepted)) return undefined;
  const requests = pages.map((page, at): [string, Json] => [
    typeof page.elicitationId === 'string' ? page.elicitationId : `page-${at + 1}`,
    { method: 'elicitation/create', params: { mode: 'url', ...(page as JsonObject) } },
  ]);
  return { resultType: 'input_required', inputRequests: Object.fromEntries(requests) };
}

const isAccepted = (response: unknown) => isObject(response) && response.action === 'accept';
