/** Log lines for people, on stderr (stdout belongs to data and to MCP), with secrets masked. */

export type LogLevel = 'info' | 'warn' | 'error';

export type Log = (level: LogLevel, message: string) => void;

export interface LogOptions {
  readonly write: (line: string) => void;
  /** Applied to every line; replaces secrets. */
  readonly redact: (text: string) => string;
  /** `off` for commands that tell their failures themselves. */
  readonly levelMin: LogLevel | 'off';
}

const ORDER: Readonly<Record<LogLevel | 'off', number>> = { info: 0, warn: 1, error: 2, off: 3 };

export function createLog({ write, redact, levelMin }: LogOptions): Log {
  return (level, message) => {
    if (ORDER[level] < ORDER[levelMin]) return;
    write(`${new Date().toISOString()} ${level.padEnd(5)} ${redact(message).replaceAll('\n', '\n  ')}\n`);
  };
}
