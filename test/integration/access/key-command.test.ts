/** `tooldex key`, as it is typed, against a gateway that runs on the same data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

class Page extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

async function gatewayWithCommand(more: JsonObject = {}) {
  const gateway = await serveWithAccess({}, { auth: { api_keys: true }, ...more });
  const { source, dataDir } = gateway.config;
  const key = async (...argv: string[]) => {
    const [stdout, stderr] = [new Page(), new Page()];
    const surroundings = { env: {}, cwd: dataDir, packageRoot: process.cwd(), stdin: process.stdin };
    const where = ['--config', source.file, '--data-dir', dataDir];
    const code = await run({ argv: ['key', ...argv, ...where], stdout, stderr, ...surroundings });
    return { code, out: stdout.text, err: stderr.text };
  };
  const status = async (token: string) => (await gateway.ask('/readyz', { headers: bearer(token) })).status;
  return { key, status, dataDir };
}

/** What stands behind the id; it may begin with the character that parts them. */
const secretOf = (token: string) => token.slice('tdx_0123456789ab_'.length);

describe('tooldex key', () => {
  it('leaves an audit line for each key made and revoked, without the key', async () => {
    const file = join(tempDir('audited-keys'), 'audit.jsonl');
    const { key } = await gatewayWithCommand({ audit: { file } });
    const token = (await key('create', 'ci')).out.trim();
    await key('list');
    await key('revoke', 'ci');
    expect((await key('revoke', 'ci')).code).not.toBe(0);
    const text = readFileSync(file, 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject);
    expect(lines).toMatchObject([
      { event: 'admin', principal: 'local', action: 'key create', target: 'ci', outcome: 'ok' },
      { event: 'admin', principal: 'local', action: 'key revoke', target: 'ci', outcome: 'ok' },
    ]);
    expect(text).not.toContain(secretOf(token));
  });

  it('makes a key that works at once, lists it without it, and revokes it at once', async () => {
    const { key, status } = await gatewayWithCommand();
    const made = await key('create', 'ci', '--group', 'builders', 'staff', '--expires', '90d');
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^tdx_[0-9a-f]{12}_[\w-]{43}\n$/) });
    const token = made.out.trim();
    expect(await status(token)).toBe(200);
    const listed = await key('list');
    expect(listed.out).toMatch(
      /^[0-9a-f]{12} {2}ci {2}in force until \d{4}-\d\d-\d\dT\d\d:\d\dZ {2}groups builders,staff {2}used /,
    );
    expect(listed.out).not.toContain(secretOf(token));
    expect((await key('create', 'ci')).err).toContain('revoke it first: tooldex key revoke ci');
    expect((await key('revoke', 'ci')).code).toBe(0);
    expect(await status(token)).toBe(401);
    const { keys } = JSON.parse((await key('list', '--json')).out);
    expect(keys).toMatchObject([
      { name: 'ci', groups: ['builders', 'staff'], state: expect.stringMatching(/^revoked/) },
    ]);
    expect(JSON.stringify(keys)).not.toMatch(/hash|secret/);
  });

  it('says what is wrong with what was typed', async () => {
    const { key } = await gatewayWithCommand();
    expect(await key('create', 'a b')).toMatchObject({ code: 64, err: expect.stringContaining('no name for a key') });
    expect(await key('create', 'x', '--expires', 'soon')).toMatchObject({
      code: 64,
      err: expect.stringContaining('90d'),
    });
    expect(await key('revoke', 'nobody')).toMatchObject({ code: 64, err: expect.stringContaining('tooldex key list') });
    expect((await key('list')).err).toContain('tooldex key create');
  });
});
