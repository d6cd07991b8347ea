/** Results of servers of 2026-07-28 as clients of the legacy versions may read them. */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** What only 2026-07-28 has is taken off, and structured content that is no object is put into one, and into a text where there is none. */
export function forLegacy(result: JsonObject): JsonObject {
  const { resultType: _, ...legacy } = withoutServerInfo(result);
  const { structuredContent } = legacy;
  if (structuredContent === undefined || isObject(structuredContent)) return legacy;
  return { ...withText(legacy, structuredContent), structuredContent: { result: structuredContent } };
}

function withText(result: JsonObject, structuredContent: Json): JsonObject {
  const content = Array.isArray(result.content) ? result.content : [];
  if (content.some((block) => isObject(block) && block.type === 'text')) return result;
  return { ...result, content: [...content, { type: 'text', text: JSON.stringify(structuredContent) }] };
}

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/** A legacy client was told who answers when it opened; a server of 2026-07-28 says so with each result. */
function withoutServerInfo(result: JsonObject): JsonObject {
  const { _meta, ...rest } = result;
  if (!isObject(_meta) || !(SERVER_INFO in _meta)) return result;
  const { [SERVER_INFO]: _, ...meta } = _meta as JsonObject;
  return Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest;
}
