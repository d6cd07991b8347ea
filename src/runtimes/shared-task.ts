/** Long work that several callers wait for and none of them owns: it goes on when they leave, and tells all how it gets on. */
import { abortable } from '../stdx/abort.ts';
import type { PrepareProgress } from './runtime.ts';

export interface JoinOptions {
  readonly onProgress?: PrepareProgress;
  /** Ends the waiting of this caller; the work goes on. */
  readonly signal?: AbortSignal;
}

interface Task<Value> {
  readonly result: Promise<Value>;
  readonly listeners: Set<PrepareProgress>;
  lastMessage: string | undefined;
}

export class SharedTasks<Value> {
  readonly #running = new Map<string, Task<Value>>();

  /** Joins the work under way for `key`, or begins it; whoever joins late hears the last message at once. */
  async join(
    key: string,
    work: (report: PrepareProgress) => Promise<Value>,
    { onProgress, signal }: JoinOptions = {},
  ): Promise<Value> {
    signal?.throwIfAborted();
    const task = this.#running.get(key) ?? this.#begin(key, work);
    if (!onProgress) return abortable(task.result, signal);
    const listener: PrepareProgress = (message) => onProgress(message);
    task.listeners.add(listener);
    if (task.lastMessage !== undefined) onProgress(task.lastMessage);
    try {
      return await abortable(task.result, signal);
    } finally {
      task.listeners.delete(listener);
    }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
  }

  #begin(key: string, work: (report: PrepareProgress) => Promise<Value>): Task<Value> {
    const listeners = new Set<PrepareProgress>();
    const report: PrepareProgress = (message) => {
      task.lastMessage = message;
      for (const listener of listeners) listener(message);
    };
    // One turn later, so that the first message finds its listener.
    const result = Promise.resolve()
      .then(() => work(report))
      .finally(() => this.#running.delete(key));
    const task: Task<Value> = { result, listeners, lastMessage: undefined };
    result.catch(() => undefined);
    this.#running.set(key, task);
    return task;
  }
}
