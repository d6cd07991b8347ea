/** One running container, attached like `docker run -i`, and the one way to be rid of it. */
import { type Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { StopTimes } from '../native/process-endpoint.ts';
import type { Exit, StdioEndpoint } from '../runtime.ts';
import { StderrRing } from '../stderr-ring.ts';
import { within } from '../within.ts';
import { demux } from './demux.ts';
import { statusOf } from './pull-image.ts';

/** How long an engine may take to forget a container that it was told to remove. */
const REMOVED_WITHIN_MS = 10_000;
/** What it said before its end may still be on the way when the end is reported. */
const LAST_WORDS_MS = 500;

export class ContainerEndpoint implements StdioEndpoint {
  readonly kind = 'stdio';
  /** A container's processes are the engine's affair. */
  readonly pid = undefined;
  readonly input: Writable;
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  readonly #container: Docker.Container;
  readonly #times: StopTimes;
  readonly #stderr = new StderrRing();
  #stopping: Promise<void> | undefined;

  /** `stream` is the attached connection; `ended` settles with what `wait` answers. */
  constructor(
    container: Docker.Container,
    { stream, ended }: { stream: Duplex; ended: Promise<Exit> },
    times: StopTimes,
  ) {
    const output = new PassThrough();
    this.#container = container;
    this.#times = times;
    this.input = stream;
    this.output = output;
    stream.on('error', () => undefined);
    demux(stream, { output, onStderr: (chunk) => this.#stderr.push(chunk) });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    this.exited = ended.then(async (exit) => {
      await within(LAST_WORDS_MS, closed);
      return exit;
    });
  }

  get id(): string {
    return this.#container.id;
  }

  /** The engine stands between, and says nothing of it. */
  hasLeftInput(): boolean {
    return false;
  }

  get instance(): string {
    return `container ${this.id.slice(0, 12)}`;
  }

  onStderr(listener: (chunk: Buffer) => void): void {
    this.#stderr.listen(listener);
  }

  stderrTail(redact?: (text: string) => string): string[] {
    return this.#stderr.lines(redact);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.input.end();
    await within(this.#times.graceMs, this.exited);
    await stopContainer(this.#container, this.#times.termMs);
    // Only now, because what is still in the stream belongs to the last words.
    this.input.destroy();
    await this.exited;
  }
}

/** TERM, then KILL, then nothing: resolves when the engine no longer knows it, or does not answer. */
export async function stopContainer(container: Docker.Container, termMs: number): Promise<void> {
  await container.stop({ t: Math.ceil(termMs / 1_000) }).catch(() => undefined);
  await container.remove({ force: true, v: true }).catch(() => undefined);
  const deadline = performance.now() + REMOVED_WITHIN_MS;
  while (performance.now() < deadline && (await isKnown(container))) await sleep(50);
}

async function isKnown(container: Docker.Container): Promise<boolean> {
  try {
    await container.inspect();
    return true;
  } catch (error) {
    // Anything but "no such container" is an engine that is busy with it, unless there is no engine any more.
    return statusOf(error) !== undefined && statusOf(error) !== 404;
  }
}

/** Settles with the exit code, also when the engine goes away; to be called before the start, so that no end is missed. */
export function exitOfContainer(container: Docker.Container): Promise<Exit> {
  return container.wait({ condition: 'next-exit' }).then(
    ({ StatusCode }: { StatusCode: number }) => ({ code: StatusCode, signal: null }),
    () => ({ code: null, signal: null }),
  );
}
