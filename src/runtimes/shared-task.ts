/** Long work that several callers wait for and none of them owns: it goes on when they leave, and tells all how it gets on. */
import { abortable } from '../stdx/abort.ts';
import type { PrepareProgress } from './runtime.ts';

export interface JoinOptions {
  readonly onProgress?: PrepareProgress;
  /** Ends the waiting of this caller; the work goes on. */
  readonly signal?: AbortSignal;
  /** Whether this caller is in a hurry; asked as the work likes, for as long as the caller waits. */
  readonly isUrgent?: (() => boolean) | undefined;
}

/** `isUrgent`: of any of those who wait now. */
type Work<Value> = (report: PrepareProgress, isUrgent: () => boolean) => Promise<Value>;

interface Task<Value> {
  readonly result: Promise<Value>;
  readonly waiting: Set<Pick<JoinOptions, 'isUrgent'> & { readonly onProgress: PrepareProgress | undefined }>;
  lastMessage: string | undefined;
}

export class SharedTasks<Value> {
  readonly #running = new Map<string, Task<Value>>();

  /** Joins the work under way for `key`, or begins it; whoever joins late hears the last message at once. */
  async join(key: string, work: Work<Value>, { onProgress, signal, isUrgent }: JoinOptions = {}): Promise<Value> {
    signal?.throwIfAborted();
    const task = this.#running.get(key) ?? this.#begin(key, work);
    // Not the options themselves: whoever joins twice with the same is there twice.
    const caller = { onProgress, isUrgent };
    task.waiting.add(caller);
    if (task.lastMessage !== undefined) onProgress?.(task.lastMessage);
    try {
      return await abortable(task.result, signal);
    } finally {
      task.waiting.delete(caller);
    }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
  }

  #begin(key: string, work: Work<Value>): Task<Value> {
    const waiting: Task<Value>['waiting'] = new Set();
    const report: PrepareProgress = (message) => {
      task.lastMessage = message;
      for (const { onProgress } of waiting) onProgress?.(message);
    };
    const isUrgent = () => [...waiting].some((caller) => caller.isUrgent?.() === true);
    // One turn later, so that the first message finds its listener.
    const result = Promise.resolve()
      .then(() => work(report, isUrgent))
      .finally(() => this.#running.delete(key));
    const task: Task<Value> = { result, waiting, lastMessage: undefined };
    result.catch(() => undefined);
    this.#running.set(key, task);
    return task;
  }
}
