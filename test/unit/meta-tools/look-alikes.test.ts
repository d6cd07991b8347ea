import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { isLookAlike, refuseLookAlikes } from '../../../src/meta-tools/look-alikes.ts';

describe('look-alikes of what calls are judged by', () => {
  it.each(['Name', 'NAME', 'ARGUMENTS', 'argumentſ', 'Uri', '_Meta', 'ProgressToken', 'progresstoKen'])('%s', (key) => {
    expect(isLookAlike(key)).toBe(true);
    for (const params of [
      { name: 'a', [key]: 1 },
      { name: 'a', _meta: { [key]: 1 } },
    ]) {
      expect(() => refuseLookAlikes(params)).toThrow(GatewayError);
    }
  });

  it.each(['name', 'arguments', '_meta', 'progressToken', 'task', 'names', 'namé', 'meta', '__proto__', ''])(
    'not %s',
    (key) => {
      expect(isLookAlike(key)).toBe(false);
      expect(() => refuseLookAlikes({ [key]: 1, _meta: { [key]: 1 } })).not.toThrow();
    },
  );

  it('are the tool’s own business inside of its arguments', () => {
    expect(() => refuseLookAlikes({ name: 'a', arguments: { Name: 'b' } })).not.toThrow();
  });
});
