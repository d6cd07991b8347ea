/** Which folders a server is told to be its own: its workspace, by the paths that it sees, and never more than that. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { announcedRoots } from '../../../../src/runtimes/workspace/announced-roots.ts';
import type { Workspace } from '../../../../src/runtimes/workspace/path-guard.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

let folder: string;
let outside: string;
const uri = (path: string) => pathToFileURL(path).href;

beforeEach(() => {
  const root = tempDir('roots');
  folder = join(root, 'work space');
  outside = join(root, 'outside');
  for (const made of [join(folder, 'project'), outside]) mkdirSync(made, { recursive: true });
});

const workspace = (folders = [{ seenAs: folder, source: folder }]): Workspace => ({
  folder,
  rules: [],
  room: { folders, start: folder },
});

describe('a server is told', () => {
  test('its workspace, when there is no client or none of its roots lies inside', async () => {
    expect(await announcedRoots(workspace(), [])).toEqual([uri(folder)]);
    expect(uri(folder)).toContain('work%20space');
    symlinkSync(outside, join(folder, 'link'));
    const theirs = [uri(outside), 'file:///', 'https://example.org/', `${uri(folder)}/../outside`];
    expect(await announcedRoots(workspace(), [...theirs, uri(join(folder, 'link'))])).toEqual([uri(folder)]);
  });

  test('those roots of its client that lie inside', async () => {
    const inside = uri(join(folder, 'project'));
    expect(await announcedRoots(workspace(), [uri(outside), inside])).toEqual([inside]);
  });

  test('in a container, each mount once, by the path that it sees', async () => {
    const mounts = [
      { seenAs: folder, source: folder },
      { seenAs: folder, source: folder },
      { seenAs: '/books', source: outside },
    ];
    expect(await announcedRoots(workspace(mounts), [])).toEqual([uri(folder), 'file:///books']);
    expect(await announcedRoots(workspace(mounts), ['file:///books/a', uri(outside)])).toEqual(['file:///books/a']);
  });
});
