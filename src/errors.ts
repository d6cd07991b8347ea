/** Every failure that a user or an agent may see: a code, what went wrong, and what to do about it. */

export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'DATA_DIR_UNUSABLE'
  | 'LISTEN_FAILED'
  | 'SERVER_UNKNOWN'
  | 'TOOL_UNKNOWN'
  | 'TOOL_AMBIGUOUS'
  | 'ARGUMENTS_INVALID'
  | 'INSTALL_FAILED'
  | 'START_FAILED'
  | 'START_TIMEOUT'
  | 'SERVER_CRASHED'
  | 'SERVER_BUSY'
  | 'PROTOCOL_VIOLATION'
  | 'CALL_TIMEOUT'
  | 'CALL_CANCELLED'
  | 'UPSTREAM_ERROR'
  | 'NOT_ALLOWED'
  | 'UNAUTHENTICATED'
  | 'RATE_LIMITED'
  | 'LOGIN_REQUIRED'
  | 'NEEDS_CONFIG'
  | 'RUNTIME_UNAVAILABLE'
  | 'SHUTTING_DOWN'
  | 'USAGE'
  | 'INTERNAL';

export interface ErrorClass {
  readonly httpStatus: number;
  /** JSON-RPC code, outside the ranges that the specification reserves unless it names the case. */
  readonly rpcCode: number;
  readonly exitCode: number;
  readonly level: 'info' | 'warn' | 'error';
}

/** The one table from code to what each audience sees. */
export const ERROR_CLASSES: Readonly<Record<ErrorCode, ErrorClass>> = {
  CONFIG_INVALID: { httpStatus: 500, rpcCode: -31001, exitCode: 78, level: 'error' },
  DATA_DIR_UNUSABLE: { httpStatus: 500, rpcCode: -31002, exitCode: 73, level: 'error' },
  LISTEN_FAILED: { httpStatus: 500, rpcCode: -31003, exitCode: 69, level: 'error' },
  SERVER_UNKNOWN: { httpStatus: 404, rpcCode: -32602, exitCode: 65, level: 'info' },
  TOOL_UNKNOWN: { httpStatus: 404, rpcCode: -32602, exitCode: 65, level: 'info' },
  TOOL_AMBIGUOUS: { httpStatus: 400, rpcCode: -32602, exitCode: 65, level: 'info' },
  ARGUMENTS_INVALID: { httpStatus: 400, rpcCode: -32602, exitCode: 65, level: 'info' },
  INSTALL_FAILED: { httpStatus: 502, rpcCode: -31010, exitCode: 69, level: 'warn' },
  START_FAILED: { httpStatus: 502, rpcCode: -31011, exitCode: 69, level: 'warn' },
  START_TIMEOUT: { httpStatus: 504, rpcCode: -31012, exitCode: 69, level: 'warn' },
  SERVER_CRASHED: { httpStatus: 502, rpcCode: -31013, exitCode: 69, level: 'warn' },
  SERVER_BUSY: { httpStatus: 503, rpcCode: -31014, exitCode: 75, level: 'warn' },
  PROTOCOL_VIOLATION: { httpStatus: 502, rpcCode: -31015, exitCode: 76, level: 'warn' },
  CALL_TIMEOUT: { httpStatus: 504, rpcCode: -31016, exitCode: 75, level: 'warn' },
  CALL_CANCELLED: { httpStatus: 499, rpcCode: -31017, exitCode: 130, level: 'info' },
  UPSTREAM_ERROR: { httpStatus: 502, rpcCode: -31018, exitCode: 69, level: 'info' },
  NOT_ALLOWED: { httpStatus: 403, rpcCode: -31019, exitCode: 77, level: 'warn' },
  UNAUTHENTICATED: { httpStatus: 401, rpcCode: -31022, exitCode: 77, level: 'info' },
  RATE_LIMITED: { httpStatus: 429, rpcCode: -31023, exitCode: 75, level: 'info' },
  LOGIN_REQUIRED: { httpStatus: 502, rpcCode: -31024, exitCode: 77, level: 'warn' },
  NEEDS_CONFIG: { httpStatus: 409, rpcCode: -31025, exitCode: 78, level: 'info' },
  RUNTIME_UNAVAILABLE: { httpStatus: 502, rpcCode: -31020, exitCode: 69, level: 'warn' },
  SHUTTING_DOWN: { httpStatus: 503, rpcCode: -31021, exitCode: 75, level: 'info' },
  USAGE: { httpStatus: 400, rpcCode: -32602, exitCode: 64, level: 'info' },
  INTERNAL: { httpStatus: 500, rpcCode: -32603, exitCode: 70, level: 'error' },
};

export interface ErrorDetails {
  /** What the reader can do about it, one imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Facts for machines, such as the failing path or the JSON-RPC error of an upstream. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The only error type that crosses module borders on purpose; anything else is a bug and becomes `INTERNAL`. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.hint = details.hint;
    this.data = details.data;
  }

  /** In how many milliseconds the same may work; undefined where nobody knows. */
  get retryAfterMs(): number | undefined {
    const value = this.data?.retryAfterMs;
    return typeof value === 'number' ? Math.ceil(value) : undefined;
  }

  get class(): ErrorClass {
    return ERROR_CLASSES[this.code];
  }
}

export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GatewayError('INTERNAL', message, { cause: error });
}

/** Message and hint in one text, as agents and terminals get it. */
export function explain(error: unknown): string {
  const { message, hint } = toGatewayError(error);
  return hint ? `${message}\nhint: ${hint}` : message;
}
