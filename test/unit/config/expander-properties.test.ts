/** What holds of the expansion of references for any text and any secret. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Expander } from '../../../src/config/expander.ts';
import { expandReferences } from '../../../src/config/references.ts';
import { anyText } from '../../helpers/any-text.ts';

const scope = (env: Readonly<Record<string, string | undefined>> = {}) => ({
  env,
  folder: '/nowhere',
  bareNames: false,
});
/** Any characters, and with a preference those that mean something to expanders, shells and `String.replace`. */
const texts = fc.oneof(
  anyText(),
  fc
    .array(
      fc.constantFrom(
        '${env:A}',
        '${env:B:-x}',
        '$',
        '{',
        '}',
        '${',
        '$${',
        '$&',
        '$1',
        '`',
        '"',
        "'",
        '\\',
        '\n',
        'env:',
        'A',
        ':-',
        '#',
      ),
    )
    .map((parts) => parts.join('')),
);
const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
const plain = texts.map((text) => text.replaceAll('{', '').replace(/\$+$/, ''));

describe('#54 for any values', () => {
  test('a secret arrives as it is, between any texts, and is known to be one', () => {
    fc.assert(
      fc.property(names, texts, fc.tuple(plain, plain), (name, secret, [before, after]) => {
        const { value, secrets, problems } = expandReferences(
          `${before}\${env:${name}}${after}`,
          scope({ [name]: secret }),
        );
        expect(value).toBe(`${before}${secret}${after}`);
        expect(problems).toEqual([]);
        const isPublic = /^(HOME|USER|LOGNAME|SHELL|PWD|PATH|LANG|TERM|TMPDIR|TEMP|TMP|HOSTNAME)$/.test(name);
        if (!isPublic) expect(secrets).toEqual([secret]);
      }),
    );
  });

  test('what is not set is a problem that names it, and leaves the text alone', () => {
    fc.assert(
      fc.property(names, plain, (name, before) => {
        const text = `${before}\${env:${name}}`;
        const { value, secrets, problems } = expandReferences(text, scope());
        expect({ value, secrets }).toEqual({ value: text, secrets: [] });
        expect(problems).toEqual([`environment variable ${name} is not set`]);
      }),
    );
  });

  test('an escaped text comes out as it was written', () => {
    fc.assert(
      fc.property(texts, (text) => {
        // A dollar before a "${" would escape the escape.
        fc.pre(!text.includes('$${'));
        const { value, secrets, problems } = expandReferences(
          text.replaceAll('${', () => '$${'),
          scope(),
        );
        expect({ value, secrets, problems }).toEqual({ value: text, secrets: [], problems: [] });
      }),
    );
  });

  test('no text makes it throw, reach for a variable that it does not name, or expand twice', () => {
    const env = new Proxy<Record<string, string>>(
      {},
      { get: (_, name) => (typeof name === 'string' ? `\${env:OTHER_${name}}` : undefined) },
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { secrets } = expandReferences(text, scope(env));
        for (const secret of secrets) {
          const name = /^\$\{env:OTHER_(\w+)\}$/.exec(secret)?.[1] ?? 'none';
          expect(text).toContain(`\${env:${name}`);
        }
      }),
    );
  });

  test('a document keeps its shape, its numbers and its keys, and every secret in it is collected', () => {
    fc.assert(
      fc.property(fc.dictionary(names, fc.oneof(fc.integer(), plain, fc.array(plain))), texts, (document, secret) => {
        const expander = new Expander();
        const given = { ...document, nested: [{ KEY: '<${env:KEY}>' }] };
        const expanded = expander.expand(given, ['servers', 'a'], scope({ KEY: secret }));
        expect(expanded).toEqual({ ...document, nested: [{ KEY: `<${secret}>` }] });
        expect(expander.secrets()).toEqual([secret]);
        expect(expander.hasSecretAt(['servers', 'a', 'nested'])).toBe(true);
      }),
    );
  });
});
