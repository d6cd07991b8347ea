/** Says of a failure which server or tool it is about, where its own words do not. */
import { GatewayError } from '../errors.ts';
import { pagesToVisit } from './pages-to-visit.ts';

/** The same error with `name` in front, and what its server wants first; anything but a GatewayError is returned as it is. */
export function named(error: unknown, name: string): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { code, data } = error;
  const message = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
  const hint = pagesToVisit(error) ?? error.hint;
  const isSame = message === error.message && hint === error.hint;
  return isSame ? error : new GatewayError(code, message, { hint, data, cause: error });
}
