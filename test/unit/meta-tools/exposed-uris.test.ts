/** Addresses of resources of several servers, and the way back. */
import { describe, expect, it } from 'vitest';
import type { OwnedItem } from '../../../src/meta-tools/exposed-lists.ts';
import { isExpansion, shownUris, splitUri } from '../../../src/meta-tools/exposed-uris.ts';

const owned = (server: string, uri: string) => ({ server: { name: server }, item: { uri } }) as unknown as OwnedItem;
const shown = (...items: OwnedItem[]) => [...shownUris(items, 'uri').values()];

it('keeps what only one server has, whatever the order, and puts the server in front of the rest', () => {
  expect(shown(owned('a', 'x://1'), owned('b', 'x://2'))).toEqual(['x://1', 'x://2']);
  expect(shown(owned('a', 'x://1'), owned('b', 'x://1'), owned('a', 'x://3'))).toEqual([
    'tooldex://a/x://1',
    'tooldex://b/x://1',
    'x://3',
  ]);
  // One that looks like ours would lead elsewhere.
  expect(shown(owned('a', 'tooldex://b/x://1'))).toEqual(['tooldex://a/tooldex://b/x://1']);
});

it('leads back to server and address', () => {
  expect(splitUri('tooldex://a/x://1?q=/')).toEqual({ server: 'a', own: 'x://1?q=/' });
  expect(splitUri('tooldex://a/tooldex://b/x://1')).toEqual({ server: 'a', own: 'tooldex://b/x://1' });
  expect([splitUri('x://1'), splitUri('tooldex://a')]).toEqual([undefined, undefined]);
});

describe('an address may have come out of a template', () => {
  it.each([
    ['test://template/7/data', 'test://template/{id}/data', true],
    ['test://template//data', 'test://template/{id}/data', true],
    ['test://template/7/date', 'test://template/{id}/data', false],
    ['file:///a/b.txt', 'file://{+path}', true],
    ['file:///a', 'x{+path}', false],
    ['x://a/b/c', 'x://{a}/{b}/{c}', true],
    ['x://aa', 'x://a{b}a', true],
    ['x://a', 'x://a{b}a', false],
    ['x://exact', 'x://exact', true],
    ['x://exactly', 'x://exact', false],
    ['x://a?q=1', 'x://a{?q}', true],
  ])('%s of %s: %s', (uri, template, is) => {
    expect(isExpansion(uri, template)).toBe(is);
  });
});
