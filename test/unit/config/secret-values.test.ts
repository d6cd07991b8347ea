/** Secrets that stand in a file are found by their names and shapes; what is no secret stays. */
import { expect, test } from 'vitest';
import { referenceSecrets, unsetVariables } from '../../../src/config/secret-values.ts';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

test.each([
  [
    'a variable by its name',
    { env: { API_KEY: 'x1', LEVEL: 'debug' } },
    { env: { API_KEY: '${env:API_KEY}', LEVEL: 'debug' } },
    ['API_KEY'],
  ],
  ['a variable by the shape of its value', { env: { GH: TOKEN } }, { env: { GH: '${env:GH}' } }, ['GH']],
  ['a reference stays', { env: { API_KEY: '${env:MINE}' } }, { env: { API_KEY: '${env:MINE}' } }, []],
  [
    'a header with a scheme',
    { headers: { Authorization: 'Bearer abc.def', Accept: 'x' } },
    { headers: { Authorization: 'Bearer ${env:MY_SERVER_TOKEN}', Accept: 'x' } },
    ['MY_SERVER_TOKEN'],
  ],
  [
    'a header without',
    { headers: { 'X-Api-Key': 'abc' } },
    { headers: { 'X-Api-Key': '${env:MY_SERVER_API_KEY}' } },
    ['MY_SERVER_API_KEY'],
  ],
  [
    'arguments',
    { args: ['--api-key', 'abc', '--token=def', '--port', '80', '/data', TOKEN] },
    {
      args: [
        '--api-key',
        '${env:MY_SERVER_API_KEY}',
        '--token=${env:MY_SERVER_TOKEN}',
        '--port',
        '80',
        '/data',
        '${env:MY_SERVER_TOKEN_2}',
      ],
    },
    ['MY_SERVER_API_KEY', 'MY_SERVER_TOKEN', 'MY_SERVER_TOKEN_2'],
  ],
  [
    'an address',
    { url: 'https://x.test/mcp?apiKey=abc&page=2' },
    { url: 'https://x.test/mcp?apiKey=${env:MY_SERVER_APIKEY}&page=2' },
    ['MY_SERVER_APIKEY'],
  ],
])('%s', (...[, entry, expected, variables]) => {
  expect(referenceSecrets('my-server', entry)).toEqual({ entry: expected, variables });
});

test('variables without a value are named once, those with a default not at all', () => {
  const entry = { a: '${env:A} ${env:A}', b: ['${env:B:-x}', '$${env:C}', '${env:D}'] };
  expect(unsetVariables(entry, { D: '' })).toEqual(['A']);
});
