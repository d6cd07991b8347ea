import { describe, expect, it } from 'vitest';
import { ResultStore } from '../../../src/meta-tools/result-store.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';

const clock = { time: 0, now: () => clock.time, after: () => () => undefined };
const textBlock = (text: string) => ({ type: 'text', text });
const texts = (result: JsonObject) => (result.content as { text: string }[]).map((block) => block.text);

function nextCall(result: JsonObject): JsonObject | undefined {
  const last = texts(result).at(-1) ?? '';
  const call = /use_tool (\{.*?\}\})/.exec(last)?.[1];
  return call ? (JSON.parse(call) as { params: JsonObject }).params : undefined;
}

describe('result store', () => {
  it('returns what fits as the very same object', () => {
    const result = { content: [textBlock('short')], _meta: { a: 1 }, unknown: true };
    expect(new ResultStore(clock).bound(result, 1_000, 'me')).toBe(result);
  });

  it('loses nothing: reading on gives the whole text back', () => {
    const store = new ResultStore(clock);
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} 🌍`).join('\n');
    let answer = store.bound({ content: [textBlock(lines)], isError: true }, 8_000, 'me');
    expect(answer.isError).toBe(true);
    let whole = texts(answer)[0] ?? '';
    for (let next = nextCall(answer); next; next = nextCall(answer)) {
      answer = store.read(next, 'me');
      whole += texts(answer)[0];
    }
    expect(whole).toBe(lines);
  });

  it('keeps whole blocks, and says how to get images and structured content that did not fit', () => {
    const store = new ResultStore(clock);
    const image = { type: 'image', data: 'A'.repeat(5_000_000), mimeType: 'image/png' };
    const structuredContent = { rows: Array.from({ length: 500 }, (_, row) => ({ row })) };
    const answer = store.bound({ content: [textBlock('hello'), image], structuredContent }, 1_000, 'me');
    expect(texts(answer)[0]).toBe('hello');
    expect(answer.structuredContent).toBeUndefined();
    const next = nextCall(answer) ?? {};
    expect(store.read(next, 'me')).toEqual({ content: [image] });
    const structured = store.read({ id: next.id ?? '', part: 'structuredContent', length: 100_000 }, 'me');
    expect(JSON.parse(texts(structured)[0] ?? '')).toEqual(structuredContent);
  });

  it('lets ordinary pictures through beside text that is short enough', () => {
    const picture = {
      content: [textBlock('look'), { type: 'image', data: 'A'.repeat(900_000), mimeType: 'image/png' }],
    };
    const store = new ResultStore(clock);
    expect(store.bound(picture, 1_000, 'me')).toBe(picture);
    expect(store.bound({ content: [...picture.content, textBlock('x'.repeat(2_000))] }, 1_000, 'me')).not.toBe(picture);
  });

  it('lets nobody else read on', () => {
    const store = new ResultStore(clock);
    const next = nextCall(store.bound({ content: [textBlock('x'.repeat(500))] }, 100, 'me')) ?? {};
    expect(() => store.read(next, 'you')).toThrow(/no kept result/);
    expect(store.read(next, 'me').content).toBeDefined();
  });

  it('forgets after a quarter of an hour, and says so', () => {
    const store = new ResultStore(clock);
    const next = nextCall(store.bound({ content: [textBlock('x'.repeat(500))] }, 100, 'me')) ?? {};
    expect(store.read(next, 'me').content).toBeDefined();
    clock.time += 16 * 60_000;
    expect(() => store.read(next, 'me')).toThrow(/no kept result/);
  });

  it('keeps at most 64 MiB, the newest', () => {
    const store = new ResultStore(clock);
    const big = { content: [textBlock('y'.repeat(30 * 1024 * 1024))] };
    const [first, , third] = [1, 2, 3].map(() => nextCall(store.bound(big, 100, 'me')) ?? {});
    expect(() => store.read(first ?? {}, 'me')).toThrow(/no kept result/);
    expect(store.read({ ...third, length: 10 }, 'me').content).toBeDefined();
  });
});
