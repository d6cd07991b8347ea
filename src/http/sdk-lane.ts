/** Serves a tool offer by the SDK: 2026-07-28, odd requests, and everything that the plain lane leaves alone. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { createSdkServer } from '../meta-tools/sdk-server.ts';
import type { ToolOffer } from '../meta-tools/tool-offer.ts';

export interface SdkLane {
  /** `body` when it was read and parsed already. */
  handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void>;
  close(): Promise<void>;
}

export interface SdkLaneOptions {
  readonly bodyBytesMax: number;
  readonly onError: (error: Error) => void;
}

export function createSdkLane(offer: () => ToolOffer, { bodyBytesMax, onError }: SdkLaneOptions): SdkLane {
  const limits = { onerror: onError, maxRequestBodySize: bodyBytesMax };
  const handler = createMcpHandler(() => createSdkServer(offer()), limits);
  const handle = toNodeHandler(handler, limits);
  return { handle: (request, response, body) => handle(request, response, body), close: () => handler.close() };
}
