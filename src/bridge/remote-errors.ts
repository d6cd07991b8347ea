/** What a request over HTTP came to, from what the SDK's transports and `fetch` throw. */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';

/** UPSTREAM_ERROR with the status in `data.httpStatus`, if there was an answer; an error of ours as it is. */
export function explainRemote(server: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const status = statusOf(error);
  const text = describe(error);
  const what = status === undefined ? `could not be reached: ${text}` : `answered with HTTP ${status}: ${text}`;
  return new GatewayError('UPSTREAM_ERROR', `Server "${server}" ${what}`, {
    cause: error,
    hint: hintFor(status),
    data: status === undefined ? undefined : { httpStatus: status },
  });
}

/** The SDK says it as `status`, as `data.status`, as the `code` of an event stream, or as a class of its own. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'UnauthorizedError' || error.constructor.name === 'UnauthorizedError') return 401;
  const { status, data, code } = error as Error & { status?: unknown; data?: unknown; code?: unknown };
  const found = [status, isObject(data) ? data.status : undefined, code].find((value) => typeof value === 'number');
  return typeof found === 'number' && found >= 100 && found < 600 ? found : httpStatusInText(error.message);
}

function httpStatusInText(text: string): number | undefined {
  const found = /\(HTTP (\d{3})\)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** `fetch` hides what happened in the cause of "fetch failed". */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.slice(0, 500);
}

function hintFor(status: number | undefined): string {
  if (status === undefined) return 'Check its `url` and the network.';
  if (status === 401 || status === 403) return 'Give it valid credentials in `headers`.';
  if (status >= 500) return 'The server itself fails; try again later.';
  return 'Check its `url` and `transport`.';
}
