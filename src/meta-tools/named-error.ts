/** Says of a failure which server or tool it is about, where its own words do not. */
import { GatewayError } from '../errors.ts';

/** The same error with `name` in front; anything but a GatewayError is returned as it is. */
export function named(error: unknown, name: string): unknown {
  if (!(error instanceof GatewayError) || error.message.includes(name)) return error;
  const { code, message, hint, data } = error;
  return new GatewayError(code, `${name}: ${message}`, { hint, data, cause: error });
}
