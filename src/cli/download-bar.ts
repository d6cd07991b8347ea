/** A bar for each file that is downloaded: it grows in its line on a terminal, and is a line a quarter elsewhere. */
import { type Invocation, tell } from './invocation.ts';

export interface Download {
  readonly file: string;
  readonly loaded: number;
  readonly total: number;
}

const CELLS = 20;

export function downloadBar(invocation: Invocation): (download: Download) => void {
  const { stderr } = invocation;
  const quarters = new Map<string, number>();
  return ({ file, loaded, total }) => {
    const share = total > 0 ? Math.min(1, loaded / total) : 0;
    if (stderr.isTTY) {
      stderr.write(`\r\u001b[2K${line(file, share, total)}${share === 1 ? '\n' : ''}`);
      return;
    }
    const quarter = Math.floor(share * 4);
    if (quarters.get(file) === quarter) return;
    quarters.set(file, quarter);
    tell(invocation, line(file, share, total));
  };
}

function line(file: string, share: number, total: number): string {
  const full = Math.round(share * CELLS);
  const bar = `${'#'.repeat(full)}${'.'.repeat(CELLS - full)}`;
  return `downloading ${file} [${bar}] ${Math.round(share * 100)} % of ${(total / 1e6).toFixed(1)} MB`;
}
