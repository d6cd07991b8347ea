/** References and the secrets behind them. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../src/config/check-config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createRedactor } from '../../../src/config/redact.ts';
import { expandReferences } from '../../../src/config/references.ts';
import { load, only, problems, temporaryFolder, writeConfig } from './config-files.ts';

const scope = (env: Record<string, string> = {}) => ({ env, folder: '/etc', bareNames: false });

describe('expanding', () => {
  test.each([
    ['nothing', 'plain $HOME text', 'plain $HOME text'],
    ['one', '${env:A}', 'a'],
    ['several', '<${env:A}|${env:B}>', '<a|${env:A}>'],
    ['a default that is not needed', '${env:A:-x}', 'a'],
    ['a default', '${env:Z:-x:y-z}', 'x:y-z'],
    ['an empty default', '<${env:Z:-}>', '<>'],
    ['an escaped one', '$${env:A}', '${env:A}'],
    ['an escaped one before another', '$${${env:A}', '${a'],
    ['an empty value', '<${env:E}>', '<>'],
  ])('%s', (_, text, expected) => {
    // B holds what looks like a reference: results are never expanded again.
    const expansion = expandReferences(text, scope({ A: 'a', B: '${env:A}', E: '' }));
    expect(expansion).toMatchObject({ value: expected, problems: [] });
  });

  test('#54 dollars, quotes, backslashes and line breaks of a secret stay as they are', async () => {
    const secret = `$1 $& $\` "quoted" 'too' \\n \u00e4 #x: {y}\nsecond line`;
    const server = only(
      await load('servers: {a: {command: x, env: {S: "${env:S}"}}}', { env: { S: secret } }),
      'native',
    );
    expect(server.env).toEqual({ S: secret });
  });

  test('#54 an undefined one names its key and its place', async () => {
    const text = 'servers:\n  a:\n    command: x\n    env:\n      TOKEN: ${env:NO_TOKEN}\n';
    expect(await problems(text)).toEqual(['tooldex.yaml:5:14: "TOKEN": environment variable NO_TOKEN is not set']);
  });

  test('a file, relative to the configuration, at home, without its last line break', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'key'), 'k1\nk2\n');
    const text = 'servers: {a: {command: x, env: {R: "${file:key}", H: "<${file:~/key}>"}}}';
    const config = await loadConfig({ file: writeConfig(text, 't.yaml', folder), env: { HOME: folder } });
    expect(only(config, 'native').env).toEqual({ R: 'k1\nk2', H: '<k1\nk2>' });
  });

  test('files that cannot be had', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'big'), 'x'.repeat(65 * 1024));
    const said = (name: string) => expandReferences(`\${file:${name}}`, { ...scope(), folder }).problems;
    expect(said('none')).toEqual([`file ${folder}/none cannot be read: there is no such file`]);
    expect(said('.')).toEqual([`file ${folder} cannot be read: it is a folder`]);
    expect(said('big')).toEqual([`file ${folder}/big cannot be read: it is larger than 64KiB`]);
  });

  test('the workspace, only where there is one', async () => {
    const text = 'workspace_root: /w\nservers:\n  a: {command: x, args: ["${workspace}/db"], workspace: s}\n';
    expect(only(await load(text), 'native')).toMatchObject({ args: ['/w/s/db'], workspaceDir: '/w/s', cwd: '/w/s' });
    expect(await problems('servers: {a: {command: x, args: ["${workspace}"]}}')).toEqual([
      'tooldex.yaml:1:34: "args": "${workspace}" needs the key "workspace" in the same server',
    ]);
  });

  test.each([
    [
      '${HOME}',
      'unknown reference "${HOME}" — write "${env:HOME}" for an environment variable (a literal "${" is written "$${")',
    ],
    [
      '${vault:x}',
      'unknown reference "${vault:x}" — there are "${env:NAME}", "${file:path}" and "${workspace}" (a literal "${" is written "$${")',
    ],
    ['${env:A', '"${env:A" is not closed (a literal "${" is written "$${")'],
    ['${env:A-B}', '"${env:A-B}" names no environment variable'],
    ['${env:${env:A}}', '"${env:$" is not closed (a literal "${" is written "$${")'],
  ])('%s is no reference', (text, problem) => {
    expect(expandReferences(text, scope({ A: 'a' })).problems[0]).toBe(problem);
  });

  test('descriptions are text', async () => {
    const config = await load('servers: {a: {command: x, description: "fills in ${name}"}}');
    expect(only(config, 'native').description).toBe('fills in ${name}');
  });
});

describe('#54 secrets print as ***', () => {
  test('what came from references, and what is named like a secret', async () => {
    const text = `
servers:
  a: {command: x, env: {A: "\${env:A}", MY_API_KEY: literal-key, PLAIN: visible-value}}
  b: {url: "https://x.test/\${env:B}", headers: {Authorization: "Bearer literal-bearer"}}
`;
    const { redact } = await load(text, { env: { A: 'first-secret', B: 'second secret' } });
    expect(redact('first-secret, second secret, second%20secret, literal-key, literal-bearer, visible-value')).toBe(
      '***, ***, ***, ***, ***, visible-value',
    );
  });

  test('in the plan of a check, and in no error', async () => {
    const file = writeConfig(
      'servers:\n  a: {command: "true", args: ["--key=${env:K}"]}\n  b: {url: "https://x.test/?k=${env:K}"}\n',
    );
    const plan = await checkConfig({ file, env: { K: 'hush hush', PATH: process.env.PATH } });
    expect(inspect(plan, { depth: 9 })).not.toMatch(/hush/);
    expect(plan.servers.map(({ runs }) => runs)).toEqual(["true '--key=***'", 'https://x.test/?k=***']);
    const wrong = await problems('servers: {b: {url: "${env:K}"}, c: {command: "${env:K}"}}', {
      env: { K: 'hush hush' },
    });
    expect(wrong).toHaveLength(2);
    expect(wrong.join()).not.toContain('hush');
  });

  test('arguments are warned of, since they cannot be hidden', async () => {
    const config = await load('servers: {a: {command: x, args: ["${env:K}", "${env:HOME}"]}}', {
      env: { K: 'secret', HOME: '/home/u' },
    });
    expect(config.warnings).toEqual([
      'server "a": "args" holds the value of a reference, and every user of this machine can see arguments — prefer "env" for secrets',
    ]);
    const harmless = await load('servers: {a: {command: x, args: ["${env:HOME}"]}}', { env: { HOME: '/home/u' } });
    expect(harmless.warnings).toEqual([]);
    expect(harmless.redact('/home/u/file')).toBe('/home/u/file');
  });

  test('the longest first, in JSON and URLs too, each line of a long one; short ones stay', () => {
    const redact = createRedactor([
      'abcd',
      'abcdef',
      'x"y\\z',
      'one two',
      'k',
      '-----BEGIN\nMIIEow\n-----END',
      '\ud800half',
    ]);
    expect(redact('abcdef abcd')).toBe('*** ***');
    expect(redact(JSON.stringify({ a: 'x"y\\z' }))).toBe('{"a":"***"}');
    expect(redact('?q=one%20two')).toBe('?q=***');
    expect(redact('k is kept')).toBe('k is kept');
    expect(redact('log: MIIEow')).toBe('log: ***');
    expect(createRedactor([])('nothing')).toBe('nothing');
    expect(createRedactor(['a.c+'])('abcc a.c+')).toBe('abcc ***');
  });

  test('the file of the cache is for its owner alone, and holds references, not values', async () => {
    const { loadConfigCached } = await import('../../../src/config/load-config.ts');
    const { readFileSync, statSync } = await import('node:fs');
    const file = writeConfig('servers: {a: {command: x, env: {A: "${env:A}"}}}');
    const { dataDir } = await loadConfigCached({ file, env: { A: 'hidden-value' }, productVersion: '1' });
    const cache = join(dataDir, 'cache', 'config.json');
    expect(readFileSync(cache, 'utf8')).toContain('${env:A}');
    expect(readFileSync(cache, 'utf8')).not.toContain('hidden-value');
    expect(statSync(cache).mode & 0o077).toBe(0);
    chmodSync(cache, 0o600);
  });
});
