/** A principal's own folder takes the place of the common one wherever the configuration has it, and nowhere else. */
import { describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../../../src/config/config.ts';
import { loadConfig } from '../../../../src/config/load-config.ts';
import { principalFolder, withWorkspaceOf } from '../../../../src/runtimes/workspace/principal-workspace.ts';
import { writeConfig } from '../../config/config-files.ts';

async function server(entry: string): Promise<ServerConfig> {
  const file = writeConfig(`workspace_root: /w\nservers:\n  a: {${entry}}\n`);
  const found = (await loadConfig({ file, env: {} })).servers.get('a');
  if (!found) throw new Error('no server');
  return found;
}

const OWN = `/w/notes/${principalFolder('key:ann')}`;
const PER = 'workspace: {folder: notes, per: principal}';

describe('a folder of its own', () => {
  test('of a native server: arguments, environment, working directory', async () => {
    const native = await server(
      `command: x, ${PER}, args: ["\${workspace}/db", /w/notes-2, "--at=/w/notes"], env: {A: "\${workspace}"}`,
    );
    expect(withWorkspaceOf(native, 'key:ann')).toMatchObject({
      workspaceDir: OWN,
      args: [`${OWN}/db`, '/w/notes-2', `--at=${OWN}`],
      env: { A: OWN },
      cwd: OWN,
    });
  });

  test('of a container: its mount, at the same path', async () => {
    const container = await server(`image: x, ${PER}`);
    expect(withWorkspaceOf(container, 'key:ann')).toMatchObject({
      mounts: [{ source: OWN, target: OWN, readOnly: false }],
    });
  });

  test('not for a workspace of all, an instance of all, nor without a principal', async () => {
    const common = await server('command: x, workspace: {folder: notes, per: server}');
    expect(withWorkspaceOf(common, 'key:ann')).toBe(common);
    const per = await server(`command: x, ${PER}`);
    expect(withWorkspaceOf(per, undefined)).toBe(per);
    await expect(server(`command: x, ${PER}, scope: shared`)).rejects.toThrow('contradicts "scope: shared"');
  });
});

test('the name of a folder holds nothing that could lead elsewhere', () => {
  for (const id of ['../..', 'jwt:https://issuer#a/b', 'a\0b', '', '.', 'CON']) {
    expect(principalFolder(id)).toMatch(/^(?:[a-z0-9-]+-)?[0-9a-f]{12}$/);
  }
});
