/** Why a listing failed: the server, whoever asked, or the disk. */
import { GatewayError } from '../errors.ts';

export function outdated(server: string): GatewayError {
  return new GatewayError('CALL_CANCELLED', `the configuration of ${server} changed while it was being listed`, {
    hint: 'ask again',
  });
}

/** The server answered, and what it said cannot be kept. */
export const isStorages = (error: unknown) => error instanceof GatewayError && error.code === 'DATA_DIR_UNUSABLE';

/** The caller gave up or the gateway is closing: that says nothing about the server. */
export function isCallersDoing(error: unknown): boolean {
  const code = error instanceof GatewayError ? error.code : undefined;
  if (code === 'CALL_CANCELLED' || code === 'SHUTTING_DOWN') return true;
  return error instanceof Error && error.name === 'AbortError';
}
