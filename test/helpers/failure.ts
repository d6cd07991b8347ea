/** The error that work must end with, to be looked at. */
import { GatewayError } from '../../src/errors.ts';

/** Rejects when the work succeeds, or fails with anything but a GatewayError. */
export async function failure(work: Promise<unknown>): Promise<GatewayError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GatewayError) return error;
  throw new Error(`expected a GatewayError, got ${String(error)}`);
}
