/** The `initialize` of the legacy protocol versions, answered without the SDK and exactly as the SDK answers it. */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { ToolOffer } from './tool-offer.ts';

/** Newest first; what the SDK accepts in `initialize`. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** A malformed one is for the SDK to refuse. */
export function isInitialize(params: unknown): params is JsonObject {
  if (!isObject(params) || typeof params.protocolVersion !== 'string' || !isObject(params.capabilities)) return false;
  const { clientInfo } = params;
  return isObject(clientInfo) && typeof clientInfo.name === 'string' && typeof clientInfo.version === 'string';
}

type Opened = Pick<ToolOffer, 'identity' | 'instructions' | 'others'>;

/** An unknown version is answered with the newest one that needs an `initialize`. */
export function initializeResult({ identity, instructions, others }: Opened, params: JsonObject): JsonObject {
  const wanted = LEGACY_VERSIONS.find((version) => version === params.protocolVersion);
  return {
    protocolVersion: wanted ?? LEGACY_VERSIONS[0] ?? null,
    capabilities: { tools: {}, ...others?.capabilities },
    serverInfo: { ...identity },
    ...(instructions === undefined ? {} : { instructions }),
  };
}

/** The envelope of 2026-07-28 makes a request modern, however it came. */
export const hasEnvelope = ({ _meta }: Record<string, unknown>) =>
  isObject(_meta) && Object.keys(_meta).some((key) => key.startsWith('io.modelcontextprotocol/'));

export const isRequestId = (id: Json | undefined): id is string | number =>
  typeof id === 'string' || Number.isSafeInteger(id);
