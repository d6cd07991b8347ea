import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExposedTool, exposedNames } from '../../../src/meta-tools/exposed-names.ts';

const tool = (server: string, name: string, isGiven = false): ExposedTool => ({ server, tool: name, isGiven });
const names = (...tools: ExposedTool[]) => [...exposedNames(tools).keys()];

describe('names in one list', () => {
  it('stay as they are where they are alone, and get their server where not', () => {
    expect(names(tool('a', 'read'), tool('b', 'read'), tool('b', 'write'))).toEqual(['a_read', 'b_read', 'write']);
  });

  it('that were given are kept, and what else would have them gives way', () => {
    const list = exposedNames([tool('a', 'read'), tool('b', 'read', true)]);
    expect(list.get('read')).toMatchObject({ server: 'b' });
    expect(list.get('a_read')).toMatchObject({ server: 'a' });
  });

  it('that a host would not take are cleaned, cut and told apart by a hash', () => {
    const [dots, long] = names(tool('a', 'read.file'), tool('a', 'x'.repeat(200)));
    expect(dots).toMatch(/^read_file_[0-9a-f]{8}$/);
    expect(long).toMatch(/^x{55}_[0-9a-f]{8}$/);
  });

  it('of two that are equal once cleaned are two', () => {
    expect(new Set(names(tool('a', 'read.file'), tool('a', 'read/file'), tool('a', 'read_file'))).size).toBe(3);
  });
});

/** Names as servers have them, with many that collide with each other or with `server_tool`. */
const odd = fc.oneof(
  fc.constantFrom(
    'read',
    'a_read',
    'a_b_read',
    'read_file',
    'read.file',
    'read/file',
    'b_read',
    'créer',
    '工具',
    'x__y',
  ),
  fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
);
const someTools = fc.uniqueArray(
  fc.record({
    server: fc.constantFrom('a', 'b', 'a_b', 'a.b', 's'.repeat(64)),
    tool: odd,
    isGiven: fc.constant(false),
  }),
  { selector: ({ server, tool: own }) => `${server}:${own}`, maxLength: 40 },
);

describe('#23 whatever servers call their tools', () => {
  it('each tool has one name, which every host takes', () => {
    fc.assert(
      fc.property(someTools, (tools) => {
        const exposed = exposedNames(tools);
        expect(new Set(exposed.values())).toEqual(new Set(tools));
        for (const name of exposed.keys()) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }),
    );
  });

  it('a name does not depend on the order in which tools come', () => {
    const nameOf = (tools: readonly ExposedTool[]) =>
      new Map([...exposedNames(tools)].map(([name, { server, tool: own }]) => [`${server}:${own}`, name]));
    fc.assert(
      fc.property(
        someTools.chain((tools) =>
          fc.tuple(fc.constant(tools), fc.shuffledSubarray(tools, { minLength: tools.length })),
        ),
        ([tools, shuffled]) => {
          expect(nameOf(shuffled)).toEqual(nameOf(tools));
        },
      ),
    );
  });

  it('a given name is never taken from its tool', () => {
    fc.assert(
      fc.property(someTools, fc.constantFrom('read', 'a_read', 'read_file'), (tools, given) => {
        const mine = tool('given', given, true);
        expect(exposedNames([...tools, mine]).get(given)).toBe(mine);
      }),
    );
  });
});
