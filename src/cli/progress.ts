/** Shows on stderr what long work is doing: one line that changes on a terminal, a line now and then elsewhere. */
import { forEyes } from '../stdx/unseen.ts';
import { type Invocation, tell } from './invocation.ts';

type Show = (server: string, message: string) => void;

/** Runs `work` and leaves the terminal clean, however that ends. */
export async function withProgress<Result>(
  invocation: Invocation,
  work: (show: Show) => Promise<Result>,
): Promise<Result> {
  const { stderr } = invocation;
  if (!stderr.isTTY) return work(nowAndThen(invocation));
  const latest = new Map<string, string>();
  const redraw = () => {
    const line = [...latest].map(([server, message]) => `${server}: ${message}`).join(' | ');
    stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns || 80) - 1)}`);
  };
  try {
    return await work((server, message) => {
      latest.delete(server);
      latest.set(server, forEyes(message));
      if (latest.size > SHOWN_MAX) latest.delete([...latest.keys()][0] ?? '');
      redraw();
    });
  } finally {
    stderr.write('\r\u001b[2K');
  }
}

const SHOWN_MAX = 3;
const LINE_EVERY_MS = 5_000;

/** The first message of each server, then the newest every few seconds. */
function nowAndThen(invocation: Invocation): Show {
  const toldMs = new Map<string, number>();
  return (server, message) => {
    const now = performance.now();
    if (now - (toldMs.get(server) ?? Number.NEGATIVE_INFINITY) < LINE_EVERY_MS) return;
    toldMs.set(server, now);
    tell(invocation, `${server}: ${forEyes(message)}`);
  };
}
