/** What the answers of an evaluation would cost an agent, rendered as `search_mcp_server` renders them. */
import type { ToolDocument } from '../../index/tool-document.ts';
import { renderAnswer } from '../meta-tools/search-answer.ts';
import { estimateTokens } from '../meta-tools/tokens.ts';
import { toCandidate } from '../meta-tools/tool-candidate.ts';
import type { JsonObject } from '../stdx/json.ts';

export type Schemas = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Tools whose schema is not known are shown with what documents keep of it: their parameters' names and descriptions. */
export function createAnswerTokens(
  documents: readonly ToolDocument[],
  schemas: Schemas,
): (ranked: readonly string[]) => number {
  const known = new Map(documents.map((document) => [document.id, document]));
  return (ranked) => {
    const tools = ranked.slice(0, SHOWN).flatMap((id) => known.get(id) ?? []);
    const answer = renderAnswer({
      candidates: tools.map((tool) => toCandidate(definitionOf(tool, schemas))),
      detail: 'auto',
      tokensMax: TOKENS_MAX,
      heading: (server) => `## ${server} (asleep ~0.5 s)`,
      header: (shown) => `verdict: match | shown ${shown} of 50 matching, 500 tools searched | search_mode: hybrid`,
      footer: () => 'Call one with use_tool {"mcp_server_name","mcp_tool_name","params"}; its server starts by itself.',
    });
    return estimateTokens(answer);
  };
}

const SHOWN = 5;
const TOKENS_MAX = 1_000;

function definitionOf({ id, server, name, description, parameters }: ToolDocument, schemas: Schemas) {
  const properties = Object.fromEntries(parameters.map((one) => [one.name, { description: one.description }]));
  const inputSchema = (schemas.get(id) ?? { type: 'object', properties }) as JsonObject;
  return { server, name, definition: { name, description, inputSchema } };
}
