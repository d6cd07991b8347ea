/** Log lines for people or programs, on stderr (stdout belongs to data and to MCP), with secrets masked. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** `requestId` of the request over HTTP that the line is about. */
export interface Log {
  (level: LogLevel, message: string, requestId?: string): void;
  /** Whether lines of this level are written, for whoever would have work to make them. Without it: from `info` on. */
  readonly has?: (level: LogLevel) => boolean;
}

export interface LogOptions {
  readonly write: (line: string) => void;
  /** Applied to every line; replaces secrets. */
  readonly redact: (text: string) => string;
  /** `off` for commands that tell their failures themselves. */
  readonly levelMin: LogLevel | 'off';
  /** `json`: an object a line, with `time`, `level` and `message`. Default: `text`. */
  readonly format?: 'text' | 'json';
}

const ORDER: Readonly<Record<LogLevel | 'off', number>> = { debug: 0, info: 1, warn: 2, error: 3, off: 4 };

export function createLog({ write, redact, levelMin, format = 'text' }: LogOptions): Log {
  const render = format === 'json' ? asJson : asText;
  const has = (level: LogLevel) => ORDER[level] >= ORDER[levelMin];
  const log = (level: LogLevel, message: string, requestId?: string) => {
    if (!has(level)) return;
    const request = requestId === undefined ? {} : { request: requestId };
    write(`${render({ time: new Date().toISOString(), level, message: redact(message), ...request })}\n`);
  };
  return Object.assign(log, { has });
}

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly request?: string;
}

const asText = ({ time, level, message, request }: Line) =>
  `${time} ${level.padEnd(5)} ${message.replaceAll('\n', '\n  ')}${request === undefined ? '' : ` [${request}]`}`;
const asJson = (line: Line) => JSON.stringify(line);
