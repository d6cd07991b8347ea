/** What of ours is inside an error of the platform, which says only that something failed. */
import { GatewayError } from '../../errors.ts';

export function ownCause(error: Error): GatewayError | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof GatewayError) return cause;
  }
  return undefined;
}
