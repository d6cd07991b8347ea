import { describe, expect, it } from 'vitest';
import { hidesNothing, secretMasker } from '../../../src/observability/mask-secrets.ts';

const masked = (value: unknown): unknown => JSON.parse(secretMasker()(value));

it.each(['password', 'api_key', 'apiKey', 'X-Api-Key', 'Authorization', 'client_secret', 'refreshToken', 'Cookie'])(
  'masks what is called %s, wherever it stands',
  (name) => {
    expect(masked({ a: [{ [name]: 'hunter2', path: '/x' }] })).toEqual({ a: [{ [name]: '***', path: '/x' }] });
    expect(masked({ [name]: { deep: 'hunter2' } })).toEqual({ [name]: '***' });
  },
);

it.each([
  ['a bearer token', 'curl -H "Authorization: Bearer abcdefgh12345678"', 'abcdefgh12345678'],
  ['a JWT', 'see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl', 'c2lnbmF0dXJl'],
  ['a key of a provider', 'key sk-proj-abcdefghijklmnop1234 here', 'abcdefghijklmnop'],
  ['a password in a URL', 'postgres://user:hunter22@db/x', 'hunter22'],
  ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----', 'MIIabc'],
])('masks %s inside a text', (_, text, secret) => {
  const written = JSON.stringify(masked({ text }));
  expect(written).not.toContain(secret);
  expect(written).toContain('***');
});

it('leaves ordinary arguments as they are', () => {
  const given = { path: '/a/b', limit: 3, flag: false, nothing: null, tags: ['x'], author: 'me', tokens: 5 };
  expect(masked(given)).toEqual({ ...given, tokens: '***' });
});

it('bounds what it is given: long texts, long lists, deep nests', () => {
  let deep: unknown = 'x'.repeat(1_000_000);
  for (let i = 0; i < 10_000; i += 1) deep = { deep };
  const given = { text: 'y'.repeat(1_000_000), list: Array.from({ length: 100_000 }, () => 1), deep };
  const length = JSON.stringify(masked(given)).length;
  expect(length).toBeLessThan(2_000);
});

it('writes JSON of whatever it is given', () => {
  const given = {
    'a "name"': 'line\nbreak',
    'ümlaut ': ['"', '\\', '\u2028', {}, [], '', 0.5, true, null],
    n: { m: {} },
  };
  expect(masked(given)).toEqual(given);
  expect(masked([undefined, Number.NaN])).toEqual([null, null]);
});

describe('JSON that may be written as it stands', () => {
  it('is short, plain, and has nothing that could be a secret', () => {
    expect(hidesNothing('{"name":"read_text_file","arguments":{"path":"/home/me/notes.txt","head":3}}')).toBe(true);
  });

  it.each([
    '{"password":"hunter2"}',
    '{"pass\\u0077ord":"hunter2"}',
    '{"a":{"X-Api-Key":"hunter2"}}',
    '{"PIN":1234}',
    '{"q":"see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"}',
    '{"q":"Bearer abcdefgh12345678"}',
    '{"q":"sk-proj-abcdefghijklmnop1234"}',
    '{"url":"postgres://user:hunter22@db/x"}',
    '{"q":"-----BEGIN RSA PRIVATE KEY-----MIIabc"}',
    '{"q":"\u2028"}',
    '{"q":"two\nlines"}',
    `{"q":"${'x '.repeat(300)}"}`,
  ])('is not %s', (json) => {
    expect(hidesNothing(json)).toBe(false);
  });

  it('is what the masker would write, for whatever it is said of', () => {
    const words = [
      'path',
      'passing',
      'q',
      'author',
      'a b',
      'x@y',
      'k3y',
      'sk-1234567890123456',
      'opinion',
      'Bearer',
      '://u:p@h',
      '[',
      '{',
    ];
    let seed = 7;
    const pick = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return words[seed % words.length] ?? '';
    };
    for (let round = 0; round < 5_000; round++) {
      const given = { [pick() + pick()]: { [pick()]: pick() + pick() }, [pick()]: [pick() + pick(), 3, null, true] };
      const json = JSON.stringify(given);
      if (hidesNothing(json)) expect(secretMasker()(given)).toBe(json);
    }
  });
});
