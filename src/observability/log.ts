/** Log lines for people or programs, on stderr (stdout belongs to data and to MCP), with secrets masked. */
import { forEyes } from '../stdx/unseen.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** `requestId` of the request over HTTP that the line is about. */
export interface Log {
  (level: LogLevel, message: string, requestId?: string): void;
  /** Whether lines of this level are written, for whoever would have work to make them. Without it: from `info` on. */
  readonly has?: (level: LogLevel) => boolean;
}

export interface LogOptions {
  readonly write: (line: string) => void;
  /** Whether what was written still waits for its reader: lines are dropped then, and counted. Default: never. */
  readonly isFull?: () => boolean;
  /** Applied to every line; replaces secrets. */
  readonly redact: (text: string) => string;
  /** `off` for commands that tell their failures themselves. */
  readonly levelMin: LogLevel | 'off';
  /** `json`: an object a line, with `time`, `level` and `message`. Default: `text`. */
  readonly format?: 'text' | 'json';
}

const ORDER: Readonly<Record<LogLevel | 'off', number>> = { debug: 0, info: 1, warn: 2, error: 3, off: 4 };

export function createLog({ write, isFull = never, redact, levelMin, format = 'text' }: LogOptions): Log {
  const render = format === 'json' ? asJson : asText;
  const line = (said: Omit<Line, 'time'>) => write(`${render({ time: new Date().toISOString(), ...said })}\n`);
  let lost = 0;
  const has = (level: LogLevel) => ORDER[level] >= ORDER[levelMin];
  const log = (level: LogLevel, message: string, requestId?: string) => {
    if (!has(level)) return;
    if (isFull()) {
      lost++;
      return;
    }
    if (lost > 0) line({ level: 'warn', message: `${lost} lines of the log were lost: nobody read it in time` });
    lost = 0;
    line({ level, message: redact(message), ...(requestId === undefined ? {} : { request: requestId }) });
  };
  return Object.assign(log, { has });
}

const never = () => false;

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly request?: string;
}

const asText = ({ time, level, message, request }: Line) =>
  `${time} ${level.padEnd(5)} ${forEyes(message).replaceAll('\n', '\n  ')}${request === undefined ? '' : ` [${request}]`}`;
const asJson = (line: Line) => JSON.stringify(line);
