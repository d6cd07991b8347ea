/** `tooldex add` with nothing but the name of a server that the catalog has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { serverRegistry } from '../../helpers/server-registry.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const tracker = {
  name: 'io.github.acme/tracker',
  version: '1.2.3',
  packages: [
    {
      registryType: 'npm',
      identifier: '@acme/tracker',
      version: '1.2.3',
      environmentVariables: [{ name: 'TRACKER_TOKEN', isRequired: true, isSecret: true }],
    },
  ],
};

async function configured() {
  const registry = await serverRegistry([{ name: 'io.github.acme/other', version: '1.0.0' }, tracker]);
  const config = join(tempDir(), 'tooldex.yaml');
  const text = `# mine\ncatalog:\n  sources: [${registry.url}]\nservers:\n  here: {command: node}\n`;
  writeFileSync(config, text);
  return { config, text, tooldex: (...given: string[]) => runCli([...given, '--config', config]) };
}

it('writes it into the file in its exact version, and says what it needs', async () => {
  const { config, text, tooldex } = await configured();
  const added = await tooldex('add', 'io.github.acme/tracker');
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('added tracker to') });
  expect(added.stderr).toContain('set TRACKER_TOKEN');
  const written = readFileSync(config, 'utf8');
  expect(written.startsWith(text)).toBe(true);
  expect(written).toContain('@acme/tracker@1.2.3');
  expect(written).toContain('TRACKER_TOKEN: ${env:TRACKER_TOKEN}');
  const mine = await tooldex('add', 'mine', '--from', 'tracker', '--set', 'TRACKR_REGION=eu');
  expect(mine).toMatchObject({ stdout: expect.stringContaining('added mine to') });
  expect(mine.stderr).toContain('it has no input "TRACKR_REGION"');
});

it('says what there is to say where nothing is found', async () => {
  const { tooldex } = await configured();
  expect(await tooldex('add', 'nothing')).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/the catalog has no server "nothing"[\s\S]*--command/),
  });
  expect((await tooldex('add', 'trackr')).stderr).toContain('hint: did you mean tracker?');
  expect((await tooldex('add', 'x', '--from', 'nothing.json')).stderr).toContain(
    'there is no file nothing.json, and the',
  );
  const bare = join(tempDir(), 'tooldex.yaml');
  writeFileSync(bare, 'servers: {}\n');
  expect((await runCli(['add', 'x', '--config', bare])).stderr).toContain('has no catalog to find it in');
});
