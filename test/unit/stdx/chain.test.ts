import { expect, it } from 'vitest';
import { Chain, Link } from '../../../src/stdx/chain.ts';

class Named extends Link {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

const namesOf = (chain: Chain<Named>) => chain.all().map(({ name }) => name);

it('keeps the order in which members came, whoever leaves', () => {
  const chain = new Chain<Named>();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => new Named(name)) as [Named, Named, Named, Named];
  for (const one of [a, b, c, d]) chain.add(one);
  chain.remove(b);
  expect(namesOf(chain)).toEqual(['a', 'c', 'd']);
  chain.remove(a);
  chain.add(a);
  chain.remove(d);
  expect([chain.first?.name, chain.size, namesOf(chain)]).toEqual(['c', 2, ['c', 'a']]);
});

it('lets a member leave that is not there, and go in again', () => {
  const [chain, one] = [new Chain<Named>(), new Named('a')];
  chain.remove(one);
  chain.add(one);
  chain.remove(one);
  chain.remove(one);
  expect([chain.size, chain.first]).toEqual([0, undefined]);
  chain.add(one);
  expect(namesOf(chain)).toEqual(['a']);
});

it('whoever has left holds nobody who came later', () => {
  const chain = new Chain<Named>();
  const [a, b] = [new Named('a'), new Named('b')];
  chain.add(a);
  chain.add(b);
  chain.remove(a);
  expect([a.before, a.after]).toEqual([undefined, undefined]);
});
