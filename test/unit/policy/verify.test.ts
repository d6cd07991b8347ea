import { expect, it } from 'vitest';
import { createKeyVerifier } from '../../../src/policy/verify.ts';

it('says that a key cannot be checked now where the keys cannot be read', async () => {
  const verify = createKeyVerifier({
    find: () => {
      throw new Error('disk I/O error');
    },
  });
  expect(await verify('tdx_a_b')).toMatchObject({ kind: 'unavailable', retryAfterSeconds: expect.any(Number) });
});
