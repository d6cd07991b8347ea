/** Arguments that are paths stay in the server's workspace, however they are spelt and whatever links lie on their way. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createPathGuard, whyRefused } from '../../../../src/runtimes/workspace/path-guard.ts';
import type { Room } from '../../../../src/runtimes/workspace/room.ts';
import type { JsonObject } from '../../../../src/stdx/json.ts';
import { anyText } from '../../../helpers/any-text.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

let folder: string;
let outside: string;
let room: Room;

beforeEach(() => {
  const root = tempDir('room');
  folder = join(root, 'workspace');
  outside = join(root, 'outside');
  for (const made of [join(folder, 'notes', 'deep'), outside, `${folder}-too`]) mkdirSync(made, { recursive: true });
  writeFileSync(join(folder, 'notes', 'a.txt'), 'a');
  writeFileSync(join(outside, 'secret'), 'secret');
  room = { folders: [{ seenAs: folder, source: folder }], start: folder };
});

const isAllowed = async (path: string) => (await whyRefused(path, room)) === undefined;

describe('a path inside is let through', () => {
  test.each([
    '',
    '.',
    'notes/a.txt',
    './notes/../notes/a.txt',
    'new/folder/file.txt',
    'notes//deep/',
    '100%.txt',
    'a%20b.txt',
    '.hidden',
    'a..b',
    '..a',
    'résumé.pdf',
    '$draft.txt',
    '~$open.docx',
    'a\\b',
  ])('%j', async (path) => {
    expect(await whyRefused(path, room)).toBeUndefined();
  });

  test('an absolute one, a file URL, and links that stay inside', async () => {
    symlinkSync('notes', join(folder, 'link'));
    symlinkSync(join(folder, 'link'), join(folder, 'chain'));
    linkSync(join(folder, 'notes', 'a.txt'), join(folder, 'same.txt'));
    const paths = [
      folder,
      join(folder, 'x'),
      `file://${folder}/x`,
      `file://localhost${folder}/x`,
      'chain/a.txt',
      'same.txt',
    ];
    for (const path of paths) expect(await whyRefused(path, room), path).toBeUndefined();
  });
});

describe('#52 a path that leads out is refused', () => {
  test.each([
    ['..', '..'],
    ['.. in the middle', 'notes/../../outside/secret'],
    ['.. through a folder that is not there', 'no/../../outside/secret'],
    ['absolute', '/etc/passwd'],
    ['/proc/self/root', '/proc/self/root/etc/passwd'],
    ['encoded', '%2e%2e/outside'],
    ['encoded twice', '%252e%252e%252foutside'],
    ['overlong UTF-8', '%c0%ae%c0%ae%c0%afoutside'],
    ['broken escapes beside good ones', '%zz/%2e%2e/%2e%2e/outside'],
    ['mixed slashes', 'notes\\..\\../outside'],
    ['an encoded backslash', '..%5coutside'],
    ['full-width dots and slash', '．．／outside'],
    ['UNC', '\\\\host\\share'],
    ['a network path', '//host/share'],
    ['a file URL with a host', 'file://host/share'],
    ['a file URL', 'file:///etc/passwd'],
    ['a file URL with climbing', 'FILE:..%2Foutside'],
    ['a file URL behind another scheme', 'git+file:///etc'],
    ['a file URL that climbs behind the folder', 'file:./x/../../outside'],
    ['a drive', 'C:\\Windows\\win.ini'],
    ['a home', '~/.ssh/id_rsa'],
    ["somebody's home", '~root/.ssh/id_rsa'],
    ['a variable', '$HOME/.ssh'],
    ['a variable with another value', '${UNSET:-..}/outside/secret'],
    ['a variable of Windows', '%USERPROFILE%\\x'],
    ['a null character', 'notes/a.txt\0.png'],
    ['blanks in front', '  /etc/passwd'],
    ['trailing dots of Windows', 'notes/.. /... /outside'],
    ['a URL that a server takes for a path', 'https://../../../../etc/passwd'],
  ])('%s', async (_, path) => {
    expect(await whyRefused(path, room)).toEqual(expect.any(String));
  });

  test('a neighbour whose name begins alike, and the same name in other letters', async () => {
    expect(await isAllowed(`${folder}-too/x`)).toBe(false);
    expect(await isAllowed(join(dirname(folder), 'WORKSPACE', 'x'))).toBe(false);
    expect(await isAllowed(relative(folder, `${folder}-too/x`))).toBe(false);
  });

  test('links: to a file, to a folder, a chain, one that dangles, to /proc/self/root, a circle', async () => {
    symlinkSync(join(outside, 'secret'), join(folder, 'file'));
    symlinkSync(outside, join(folder, 'folder'));
    symlinkSync('folder', join(folder, 'one'));
    symlinkSync(join(folder, 'one'), join(folder, 'two'));
    symlinkSync(join(outside, 'not-yet'), join(folder, 'dangling'));
    symlinkSync('/proc/self/root', join(folder, 'root'));
    symlinkSync('round', join(folder, 'round'));
    const paths = [
      'file',
      'folder',
      'folder/secret',
      'two/secret',
      'two/../secret',
      'dangling',
      'root/etc/passwd',
      'round',
    ];
    for (const path of paths) expect(await whyRefused(path, room), path).toEqual(expect.any(String));
  });

  test('.. behind a link, by where the link leads and by the text', async () => {
    symlinkSync(join('notes', 'deep'), join(folder, 'link'));
    expect(await isAllowed('link/../a.txt')).toBe(true);
    expect(await isAllowed('link/../../../outside/secret')).toBe(false);
    expect(await isAllowed('link/../../outside/secret')).toBe(false);
  });

  test('a text way and a real way that differ: missing/../link', async () => {
    symlinkSync(outside, join(folder, 'link'));
    expect(await isAllowed('missing/../link/secret')).toBe(false);
  });

  test('a hard link to a file outside', async () => {
    linkSync(join(outside, 'secret'), join(folder, 'innocent'));
    expect(await whyRefused('innocent', room)).toBe('the file has another name outside the workspace');
  });

  test.skipIf(process.platform === 'win32')('a FIFO passes, a device does not', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await isAllowed('pipe')).toBe(true);
    if (process.getuid?.() !== 0) return;
    execFileSync('mknod', [join(folder, 'zero'), 'c', '1', '5']);
    expect(await isAllowed('zero')).toBe(false);
  });

  test('a link that took the place of a folder after an earlier look', async () => {
    expect(await isAllowed('late/secret')).toBe(true);
    symlinkSync(outside, join(folder, 'late'));
    expect(await isAllowed('late/secret')).toBe(false);
  });
});

describe('#52 for any path', () => {
  const step = fc.constantFrom('..', '.', '', 'notes', 'deep', 'a.txt', 'out', 'in', 'new', 'NOTES');
  const encoders: ((text: string) => string)[] = [
    (text) => text,
    (text) => text.replaceAll('.', '%2e'),
    (text) => text.replaceAll('/', '%2F'),
    (text) => text.replaceAll('/', '\\'),
    (text) => encodeURIComponent(encodeURIComponent(text)).replaceAll('.', '%252e'),
    (text) => ` ${text} `,
  ];

  test('what is let through leads inside, by its text and by its links', async () => {
    symlinkSync(outside, join(folder, 'out'));
    symlinkSync('notes/deep', join(folder, 'in'));
    const real = realpathSync(folder);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, isAbsolute) => {
        const path = steps.join('/');
        const given = isAbsolute ? `${folder}/${path}` : path.replace(/^\/+/, '');
        if (!(await isAllowed(given))) return;
        for (const way of [resolve(folder, given), isAbsolute ? given : `${folder}/${given}`]) {
          const lands = landing(way);
          expect(lands === undefined || lands === real || lands.startsWith(`${real}/`)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('an encoding changes no refusal', async () => {
    const outward = fc
      .array(step, { maxLength: 5 })
      .map((steps) => ['notes', ...steps.map(() => '..'), '..', '..', 'x']);
    await fc.assert(
      fc.asyncProperty(outward, fc.array(fc.constantFrom(...encoders), { maxLength: 3 }), async (steps, wraps) => {
        const spelt = wraps.reduce((text, encode) => encode(text), steps.join('/'));
        expect(await isAllowed(spelt)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('no text makes it throw', async () => {
    await fc.assert(
      fc.asyncProperty(anyText(60), async (text) => {
        await whyRefused(text, room);
      }),
      { numRuns: 200 },
    );
  });
});

/** Where the system itself ends up; undefined for what is not there. */
function landing(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

describe('in a container', () => {
  test('a mount is seen by its own path and judged by what lies behind it', async () => {
    const mounted: Room = { folders: [...room.folders, { seenAs: '/data', source: outside }], start: folder };
    symlinkSync('/etc', join(outside, 'link'));
    expect(await whyRefused('/data/secret', mounted)).toBeUndefined();
    expect(await whyRefused('/data/link/passwd', mounted)).toMatch(/link/);
    expect(await whyRefused('/data/../etc', mounted)).toBeDefined();
  });
});

describe('a workspace whose own name can be read in other ways', () => {
  test.each(['my notes', '100%25', 'caf\u00e9', 'cafe\u0301', '\uff46ull', ' led'])('%j', async (name) => {
    const odd = join(dirname(folder), name);
    mkdirSync(join(odd, 'deep'), { recursive: true });
    symlinkSync(outside, join(odd, 'link'));
    const own: Room = { folders: [{ seenAs: odd, source: odd }], start: odd };
    const url = pathToFileURL(odd).href;
    for (const path of [
      odd,
      `${odd}/a b.txt`,
      url,
      `${url}/a%20b.txt`,
      `${url.replace('file://', 'file://localhost')}/x`,
    ])
      expect(await whyRefused(path, own), path).toBeUndefined();
    for (const way of [
      '/../outside/secret',
      '/%2e%2e/outside/secret',
      '/deep/..%2f..%2foutside',
      '/link/secret',
      '/..\\outside',
    ])
      for (const path of [`${odd}${way}`, `${url}${way}`])
        expect(await whyRefused(path, own), path).toEqual(expect.any(String));
    expect(await whyRefused(`${url}-too/x`, own)).toEqual(expect.any(String));
  });
});

describe('the guard', () => {
  const guard = (rules: readonly string[] = []) =>
    createPathGuard({ workspaceOf: (server) => (server === 'fs' ? { folder, room, rules } : undefined) });
  const call = (given: JsonObject, server = 'fs') => ({
    principal: { id: 'local' },
    server,
    tool: 'read_file',
    params: { name: 'read_file', arguments: given },
    definition: () => ({ inputSchema: {} }),
  });

  test('names the server, the tool, the argument and the path, and says what to give', async () => {
    await expect(guard().confine(call({ edits: [{ path: '../x' }] }))).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: 'fs:read_file: argument "edits[0].path": the path "../x" is not allowed: it leads out of the workspace',
      hint: `give a path in ${folder}, the workspace of fs`,
    });
  });

  test('leaves servers without a workspace and arguments that are no paths alone', async () => {
    await guard().confine(call({ path: '/etc/passwd' }, 'other'));
    await guard().confine(call({ content: '/etc/passwd', query: '../..' }));
  });

  test('goes by the entry: more arguments that are paths, and some that are none', async () => {
    await expect(guard(['what']).confine(call({ what: '/etc' }))).rejects.toThrow('"what"');
    await guard(['!path']).confine(call({ path: '/api/users' }));
  });

  test('judges the address of a resource', async () => {
    const read = { ...call({}), tool: 'resources/read', definition: () => undefined };
    await expect(guard().confine({ ...read, params: { uri: 'file:///etc/passwd' } })).rejects.toThrow('"uri"');
    await guard().confine({ ...read, params: { uri: 'memo://insights/../..' } });
  });

  test('#52 judges an address also where arguments stand beside it', async () => {
    const read = { ...call({}), tool: 'resources/read', definition: () => undefined };
    const params = { uri: 'file:///etc/passwd', arguments: {} };
    await expect(guard().confine({ ...read, params })).rejects.toThrow('"uri"');
  });

  test('#52 judges what is to be completed, for the answers name files', async () => {
    const complete = { ...call({}), tool: 'completion/complete', definition: () => undefined };
    const ref = { type: 'ref/prompt', name: 'p' };
    const refused: JsonObject[] = [
      { ref, argument: { name: 'path', value: '/etc/' } },
      { ref, argument: { name: 'x', value: '' }, context: { arguments: { dir: '..' } } },
    ];
    for (const params of refused) await expect(guard().confine({ ...complete, params })).rejects.toThrow('not allowed');
    const template = { type: 'ref/resource', uri: 'file:///{path}' };
    await guard().confine({ ...complete, params: { ref: template, argument: { name: 'path', value: 'not' } } });
  });
});
