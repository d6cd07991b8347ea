/** Says in the log that search does less than it could: once, not at each answer, and once more when that is over. */
import type { Log } from './log.ts';

interface Shortfall {
  /** What is wrong. */
  readonly degraded?: string;
  /** What is left out on purpose. */
  readonly spared?: string;
}

/** Told of each answer. Reasons that differ in their numbers only are the same reason. */
export function createSearchLog(log: Log): (answer: Shortfall) => void {
  const noteDegraded = onChange((degraded) => {
    if (degraded === undefined) log('info', 'search is well again');
    else log('warn', `search does less than it should: ${degraded}`);
  });
  const noteSpared = onChange((spared) => {
    if (spared === undefined) log('info', 'search spares no model any more');
    else log('info', `search: ${spared}`);
  });
  return ({ degraded, spared }) => {
    noteDegraded(degraded);
    noteSpared(spared);
  };
}

function onChange(tell: (reason: string | undefined) => void): (reason: string | undefined) => void {
  let told: string | undefined;
  return (reason) => {
    const kind = reason?.replace(/\d+/g, '0');
    if (kind === told) return;
    told = kind;
    tell(reason);
  };
}
