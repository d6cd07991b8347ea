/** A call of `use_tool` whose result passes as bytes: for a tool that is known, with arguments that fit. Everything else is for `useTool`. */
import type { ByteListener, ByteResult } from '../bridge/upstream-session.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { type ByteText, fromByteText, toByteText } from '../stdx/json-cursor.ts';
import { membersOf } from '../stdx/json-members.ts';
import { passHeedingChanges } from './heeding-changes.ts';
import { named } from './named-error.ts';
import type { GiveUp, MetaToolParts, PassedBy } from './parts.ts';
import { resolveToolNow, startProgress, type Target } from './resolve-tool.ts';
import { callBuiltIn, traceContext } from './use-tool.ts';
import { readUseToolRequest } from './use-tool-request.ts';

/** As `useTool`, told to the listener. Undefined, and nothing is begun, where `useTool` has to look. */
export function passUseTool(parts: MetaToolParts, given: unknown, by: PassedBy): GiveUp | undefined {
  const asked = readNow(parts, given, by.principal);
  if (!asked) return undefined;
  const { target, text } = asked;
  const { server, tool } = target;
  const { principal, requestId, onProgress, meta } = by;
  const trace = meta && traceContext(meta)._meta;
  return passHeedingChanges(parts, {
    door: 'use_tool',
    server,
    tool: tool.name,
    params: { text, meta: trace ? membersOf(trace) : '' },
    principal,
    requestId,
    behalf: undefined,
    envelope: undefined,
    onProgress,
    onStart: onProgress && startProgress({ onProgress }),
    listener: new BoundedResult(parts, target, by),
  });
}

interface Asked {
  readonly target: Target;
  /** Its parameters. */
  readonly text: ByteText;
}

function readNow(parts: MetaToolParts, given: unknown, principal: Principal): Asked | undefined {
  try {
    const request = readUseToolRequest(isObject(given) ? given : {});
    // Asked a second time by whoever has to answer it.
    if (callBuiltIn(parts, request, principal)) return undefined;
    const target = resolveToolNow(parts, request);
    if (!target || !isObject(request.params)) return undefined;
    const params = request.params as JsonObject;
    if (!parts.checker.fitsNow(target.tool, params)) return undefined;
    const name = JSON.stringify(target.tool.name);
    return { target, text: toByteText(`{"name":${name},"arguments":${JSON.stringify(params)}}`) };
  } catch {
    // What is wrong is found again by whoever tells it.
    return undefined;
  }
}

class BoundedResult implements ByteListener {
  readonly #parts: MetaToolParts;
  readonly #target: Target;
  readonly #listener: ByteListener;
  readonly #owner: string;

  constructor(parts: MetaToolParts, target: Target, { listener, principal }: PassedBy) {
    this.#parts = parts;
    this.#target = target;
    this.#listener = listener;
    this.#owner = principal.id;
  }

  bytes(result: ByteResult): void {
    const isShort = result.result.length <= this.#target.server.resultBytesMax;
    if (isShort) this.#listener.bytes(result);
    else this.value(JSON.parse(fromByteText(result.result)) as JsonObject);
  }

  value(result: JsonObject): void {
    this.#listener.value(this.#parts.results.bound(result, this.#target.server.resultBytesMax, this.#owner));
  }

  failed(error: Error): void {
    const { server, tool } = this.#target;
    this.#listener.failed(named(error, `${server.name}:${tool.name}`) as Error);
  }
}
