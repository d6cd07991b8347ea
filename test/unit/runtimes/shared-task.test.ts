import { describe, expect, it } from 'vitest';
import { SharedTasks } from '../../../src/runtimes/shared-task.ts';

/** Work whose end the test decides. */
function work() {
  let report: (message: string) => void = () => undefined;
  let finish: (value: string) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  let runs = 0;
  const run = (say: (message: string) => void) => {
    runs++;
    report = say;
    return new Promise<string>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
  };
  return {
    run,
    runs: () => runs,
    say: (message: string) => report(message),
    finish: (value: string) => finish(value),
    fail: (error: Error) => fail(error),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a shared task', () => {
  it('runs once for all who wait, and tells late ones where it is', async () => {
    const tasks = new SharedTasks<string>();
    const { run, runs, say, finish } = work();
    const heard: string[] = [];
    const first = tasks.join('key', run, { onProgress: (message) => heard.push(`1 ${message}`) });
    await turn();
    say('half');
    const second = tasks.join('key', run, { onProgress: (message) => heard.push(`2 ${message}`) });
    say('nearly');
    finish('done');
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
    expect(heard).toEqual(['1 half', '2 half', '1 nearly', '2 nearly']);
    expect(runs()).toBe(1);
  });

  it('goes on without a caller that gave up, and no longer talks to it', async () => {
    const tasks = new SharedTasks<string>();
    const { run, runs, say, finish } = work();
    const impatient = new AbortController();
    const heard: string[] = [];
    const first = tasks.join('key', run, { signal: impatient.signal, onProgress: (message) => heard.push(message) });
    await turn();
    impatient.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    say('alone');
    const second = tasks.join('key', run);
    finish('done');
    expect(await second).toBe('done');
    expect(heard).toEqual([]);
    expect(runs()).toBe(1);
  });

  it('fails for all alike, is not remembered, and nobody needs to be listening', async () => {
    const tasks = new SharedTasks<string>();
    const { run, runs, fail } = work();
    const impatient = new AbortController();
    const first = tasks.join('key', run, { signal: impatient.signal });
    const second = tasks.join('key', run);
    await turn();
    fail(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await expect(second).rejects.toThrow('broken');
    const third = tasks.join('key', run, { signal: impatient.signal });
    await turn();
    impatient.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
    fail(new Error('unheard'));
    await tasks.settled();
    expect(runs()).toBe(2);
  });

  it('is urgent for as long as one of those who wait is', async () => {
    const tasks = new SharedTasks<string>();
    let isUrgent = () => false;
    let finish: (value: string) => void = () => undefined;
    const run = (_: unknown, asked: () => boolean) => {
      isUrgent = asked;
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    };
    const first = tasks.join('key', run, { isUrgent: () => false });
    await turn();
    expect(isUrgent()).toBe(false);
    const impatient = new AbortController();
    const second = tasks.join('key', run, { signal: impatient.signal, isUrgent: () => true });
    expect(isUrgent()).toBe(true);
    impatient.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect(isUrgent()).toBe(false);
    finish('done');
    expect(await first).toBe('done');
  });

  it('keeps different keys apart', async () => {
    const tasks = new SharedTasks<string>();
    const results = ['a', 'b'].map((key) => tasks.join(key, async () => key));
    expect(await Promise.all(results)).toEqual(['a', 'b']);
  });
});
