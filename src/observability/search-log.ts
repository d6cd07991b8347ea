/** Says in the log that search does less than it should: once, not at each answer, and once more when it is well again. */
import type { Log } from './log.ts';

/** Told of each answer why it was degraded, or undefined. Reasons that differ in their numbers only are the same reason. */
export function createSearchLog(log: Log): (degraded: string | undefined) => void {
  let told: string | undefined;
  return (degraded) => {
    const reason = degraded?.replace(/\d+/g, '0');
    if (reason === told) return;
    told = reason;
    if (degraded === undefined) log('info', 'search is well again');
    else log('warn', `search does less than it should: ${degraded}`);
  };
}
