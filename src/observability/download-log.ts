/** A line for each tenth of a file: a first download takes minutes, and somebody will ask why vectors are missing. */
import type { Log } from './log.ts';

/** To be told of each piece; bytes so far and altogether, 0 when nobody says. */
export function createDownloadLog(log: Log): (download: { file: string; loaded: number; total: number }) => void {
  const tenths = new Map<string, number>();
  return ({ file, loaded, total }) => {
    const tenth = total > 0 ? Math.floor((loaded / total) * 10) : 0;
    if (tenths.get(file) !== tenth)
      log('info', `downloading ${file}: ${tenth * 10} % of ${(total / 1e6).toFixed(1)} MB`);
    tenths.set(file, tenth);
  };
}
