/** Keeps the stream open on which a server of 2026-07-28 says what nobody asked for: one that is cut is opened again. */
import type { Clock } from '../stdx/clock.ts';
import { rpcCodeOf } from './server-errors.ts';

export interface Listening {
  readonly clock: Clock;
  /** Opens it; settles when it is over, however. */
  readonly listen: () => Promise<unknown>;
  /** It is opened again; meanwhile something may have been said. False for a stream that was over at once. */
  readonly missed: (lasted: boolean) => void;
  /** When the connection is over, and nothing more is to be opened. */
  readonly closed: Promise<unknown>;
}

/** Four times as long after each stream that was over at once. */
const PAUSE_MS = 1_000;
/** What is over sooner was hardly a stream. */
const LISTENED_MS = 10_000;
/** From so many of them in a row on, a server that is down or keeps no stream is asked every 17 minutes. */
const SHORT_MAX = 5;

/** A server that refuses is not asked again. */
export function keepListening({ clock, listen, missed, closed }: Listening): void {
  let takeBack = () => {};
  let isClosed = false;
  let shortOnes = 0;
  const begin = () => {
    const fromMs = clock.now();
    const over = (error?: unknown) => {
      const isShort = clock.now() - fromMs < LISTENED_MS;
      shortOnes = isShort ? Math.min(shortOnes + 1, SHORT_MAX) : 0;
      if (isClosed || rpcCodeOf(error) !== undefined) return;
      takeBack = clock.after(PAUSE_MS * 4 ** shortOnes, () => {
        missed(!isShort);
        begin();
      });
    };
    listen().then(() => over(), over);
  };
  void closed.then(() => {
    isClosed = true;
    takeBack();
  });
  begin();
}
