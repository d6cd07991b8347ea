import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reopenings } from '../../../src/bridge/reopenings.ts';

describe('Reopenings', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([0, -1, 5])('makes a pause although the server wants %s ms', (wanted) => {
    const reopen = vi.fn();
    new Reopenings().schedule(reopen, wanted);
    vi.advanceTimersByTime(99);
    expect(reopen).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(reopen).toHaveBeenCalledOnce();
  });

  it('waits as long as the server wants', () => {
    const reopen = vi.fn();
    new Reopenings().schedule(reopen, 3_000);
    vi.advanceTimersByTime(2_999);
    expect(reopen).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(reopen).toHaveBeenCalledOnce();
  });

  it.each([2 ** 31, 1e20])('does not come at once when it is to wait for %s ms', (wanted) => {
    const reopen = vi.fn();
    new Reopenings().schedule(reopen, wanted);
    vi.advanceTimersByTime(60_000);
    expect(reopen).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60 * 60_000);
    expect(reopen).toHaveBeenCalledOnce();
  });

  it('leaves nothing that keeps the process alive, however many streams wait', () => {
    const reopenings = new Reopenings();
    for (const _ of [1, 2, 3]) reopenings.schedule(vi.fn(), 3_600_000);
    reopenings.schedule(vi.fn(), 3_600_000)();
    expect(vi.getTimerCount()).toBe(3);
    reopenings.close();
    reopenings.schedule(vi.fn(), 0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
