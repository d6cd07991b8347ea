/** `tooldex login` and `logout` as a user runs them, and a gateway of another process that takes the login up. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAddedServers } from '../../../src/catalog/added-servers.ts';
import { openDatabase } from '../../../src/catalog/database.ts';
import { runCli, startCli } from '../../helpers/cli.ts';
import { OAuthServer } from '../../helpers/oauth-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function configured() {
  const oauth = await OAuthServer.start();
  const folder = tempDir('login');
  const file = join(folder, 'tooldex.yaml');
  writeFileSync(file, `servers:\n  far:\n    url: ${oauth.url.href}\n  near:\n    command: node\n`);
  const flags = ['--config', file, '--data-dir', join(folder, 'data')];
  const call = () => runCli(['call', 'far:greet', '{"name":"Ada"}', ...flags]);
  return { oauth, folder, flags, call };
}

describe('tooldex login', () => {
  it('prints an address, waits for the browser, and other commands are let in until logout', async () => {
    const { oauth, flags, call } = await configured();
    const before = await call();
    expect(before.stderr).toContain('tooldex login far');
    await using running = startCli(['login', 'far', '--no-browser', ...flags]);
    const [address = ''] = await running.printed(/http:\/\/127\.0\.0\.1:\d+\/authorize\S+/);
    expect(await (await fetch(address)).text()).toContain('close this page');
    expect(await running.ended).toMatchObject({ code: 0 });
    expect((await call()).stdout).toContain('Hello, Ada');
    expect((await runCli(['logout', 'far', ...flags])).code).toBe(0);
    expect(oauth.count('revoke')).toBe(1);
    const after = await call();
    expect(after).toMatchObject({ code: 77 });
    expect(after.stderr).toContain('LOGIN_REQUIRED');
  });

  it('opens the browser by itself', async () => {
    const { folder, flags } = await configured();
    const browser = join(folder, 'browser.mjs');
    writeFileSync(browser, `#!${process.execPath}\nawait (await fetch(process.argv[2])).text();\n`);
    chmodSync(browser, 0o755);
    const { code } = await runCli(['login', 'far', ...flags], { env: { BROWSER: browser } });
    expect(code).toBe(0);
  });

  it('knows servers that agents have added', async () => {
    const folder = tempDir('login');
    const file = join(folder, 'tooldex.yaml');
    writeFileSync(file, 'add_servers: always\nservers: {}\n');
    const flags = ['--config', file, '--data-dir', join(folder, 'data')];
    const { database } = openDatabase(join(folder, 'data', 'catalog.db'));
    createAddedServers(database).save({ server: 'brought', config: { url: 'http://127.0.0.1:9999/mcp' } });
    database.close();
    expect((await runCli(['login', 'brought', '--no-browser', ...flags])).stderr).toContain('not a public address');
    expect((await runCli(['login', 'other', ...flags])).stderr).toContain('There is no server');
  });

  it('is refused where it would not be used', async () => {
    const { oauth, folder, flags } = await configured();
    const entry = `servers:\n  far:\n    url: ${oauth.url.href}\n    headers: {authorization: Bearer x}\n`;
    writeFileSync(join(folder, 'tooldex.yaml'), entry);
    expect(await runCli(['login', 'far', ...flags])).toMatchObject({ code: 64 });
  });

  it('says what can be logged in at', async () => {
    const { flags } = await configured();
    expect((await runCli(['login', 'near', ...flags])).stderr).toContain('Remote are: far');
    expect((await runCli(['login', 'fra', ...flags])).stderr).toContain('Did you mean "far"?');
  });
});
