/** What a store of logins remembers of its own, besides files. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LoginStore, type StoredLogin } from '../../../src/runtimes/remote/login-store.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

it('takes another key once one that was none is removed, as it said to', async () => {
  const dataDir = tempDir('data');
  const key = join(dataDir, 'logins', 'key');
  mkdirSync(join(dataDir, 'logins'));
  writeFileSync(key, 'none');
  const store = new LoginStore({ dataDir, secret: undefined });
  const url = new URL('https://far.test/mcp');
  const login = { tokens: { access_token: 'a', token_type: 'Bearer' } } as unknown as StoredLogin;
  await expect(store.save('far', url, login)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  rmSync(key);
  await store.save('far', url, login);
  expect(await store.read('far', url)).toEqual(login);
});
