/** What callers ask to be added: joined, replaced, limited, and never anything else than what the admin looked at. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/catalog/database.ts';
import { createPendingServers } from '../../../src/catalog/pending-servers.ts';
import { createPendingAdditions } from '../../../src/policy/pending-additions.ts';
import type { Principal } from '../../../src/policy/principal.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const who = (name: string): Principal => ({ id: `key:${name}`, kind: 'api-key', groups: [] });
const [ada, bob] = [who('ada'), who('bob')];
const config = (word: string) => ({ command: 'node', args: [word] });

function open(file = join(tempDir(), 'catalog.db')) {
  const { database } = openDatabase(file);
  onTestFinished(() => database.close());
  return { requests: createPendingAdditions(createPendingServers(database), () => 1_000), file };
}

it('joins the same request of several principals, also after a restart', () => {
  const { requests, file } = open();
  expect(requests.ask(ada, 'x', config('a'))).toBe('asked');
  expect(requests.ask(bob, 'x', { args: ['a'], command: 'node' })).toBe('joined');
  const again = open(file).requests;
  expect(again.waiting()).toMatchObject([{ server: 'x', askedBy: ['key:ada', 'key:bob'], askedAt: 1_000 }]);
  expect(again.standing(bob, 'x')).toMatchObject({ rejected: undefined });
  expect(again.standing(who('eve'), 'x')).toBeUndefined();
});

it('replaces what the same principal asked for, and then approves only by the id of what was looked at', () => {
  const { requests } = open();
  requests.ask(ada, 'x', config('harmless'));
  const before = requests.require('x').id;
  expect(requests.ask(ada, 'x', config('evil'))).toBe('replaced');
  expect(() => requests.require('x')).toThrow('was changed since');
  expect(() => requests.approve('x', before, () => undefined)).toThrow('was changed since');
  const [now] = requests.waiting();
  const kept: unknown[] = [];
  requests.approve('x', now?.id ?? '', (request) => kept.push(request.config));
  expect(kept).toEqual([config('evil')]);
  expect(requests.waiting()).toEqual([]);
});

it('never replaces what somebody else asked for', () => {
  const { requests } = open();
  requests.ask(ada, 'x', config('a'));
  expect(() => requests.ask(bob, 'x', config('b'))).toThrow('another server of that name waits');
  requests.ask(bob, 'x', config('a'));
  expect(() => requests.ask(ada, 'x', config('b'))).toThrow('another server of that name waits');
  expect(requests.waiting()).toMatchObject([{ config: config('a'), isReplaced: false }]);
});

it('lets a principal have five that wait, and no more', () => {
  const { requests } = open();
  for (const name of ['a', 'b', 'c', 'd', 'e']) requests.ask(ada, name, config(name));
  expect(() => requests.ask(ada, 'f', config('f'))).toThrow('5 of yours (a, b, c, d, e) wait');
  expect(requests.ask(ada, 'e', config('other'))).toBe('replaced');
  expect(requests.ask(bob, 'f', config('f'))).toBe('asked');
  requests.reject('a', undefined);
  expect(requests.ask(ada, 'g', config('g'))).toBe('asked');
});

it('remembers what was turned down and why; something else may be asked for', () => {
  const { requests } = open();
  requests.ask(ada, 'x', config('a'));
  requests.reject('x', 'use the other one');
  expect(requests.waiting()).toEqual([]);
  expect(() => requests.ask(bob, 'x', config('a'))).toThrow('turned it down: use the other one');
  expect(requests.ask(bob, 'x', config('b'))).toBe('asked');
  expect(() => requests.reject('y', undefined)).toThrow('no server "y" waits');
});

it('keeps a request that could not be written', () => {
  const { requests } = open();
  requests.ask(ada, 'x', config('a'));
  const full = () => {
    throw new Error('disk full');
  };
  expect(() => requests.approve('x', requests.require('x').id, full)).toThrow('disk full');
  expect(requests.waiting()).toHaveLength(1);
});

it('takes nothing that nobody would read', () => {
  expect(() => open().requests.ask(ada, 'x', config('a'.repeat(40_000)))).toThrow('too long');
});
