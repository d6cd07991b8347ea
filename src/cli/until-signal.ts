/** Waits for the end of a serving command; a second signal leaves at once. */

export interface SignalOptions {
  /** What SIGHUP does instead of ending the command. */
  readonly onHangUp?: () => void;
}

/** Resolves with the exit code that the first signal stands for. */
export function untilSignal({ onHangUp }: SignalOptions = {}): Promise<number> {
  if (onHangUp) process.on('SIGHUP', onHangUp);
  const ending = onHangUp ? SIGNALS.filter((name) => name !== 'SIGHUP') : SIGNALS;
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      for (const name of ending) {
        process.off(name, onSignal);
        process.on(name, () => process.exit(128 + NUMBERS[name]));
      }
      resolve(signal === 'SIGINT' ? 128 + NUMBERS.SIGINT : 0);
    };
    for (const name of ending) process.on(name, onSignal);
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
