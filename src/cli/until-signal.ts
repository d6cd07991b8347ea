/** Waits for the end of a serving command; a second signal leaves at once. */

/** Resolves with the exit code that the first signal stands for. */
export function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      for (const name of SIGNALS) {
        process.off(name, onSignal);
        process.on(name, () => process.exit(128 + NUMBERS[name]));
      }
      resolve(signal === 'SIGINT' ? 128 + NUMBERS.SIGINT : 0);
    };
    for (const name of SIGNALS) process.on(name, onSignal);
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
