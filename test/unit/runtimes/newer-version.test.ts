import { expect, test } from 'vitest';
import { isNewerVersion } from '../../../src/runtimes/packages/newer-version.ts';

test('versions stand in the order of semver', () => {
  const ordered = ['0.9.9', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta.2', '1.0.0-beta.11'];
  const all = [...ordered, '1.0.0-rc.1', '1.0.0', '1.2.0', '1.10.0', '10.0.0'];
  for (const [at, version] of all.entries()) {
    for (const [other, against] of all.entries()) expect(isNewerVersion(version, against)).toBe(at > other);
  }
});

test('builds of one version are alike, and what is no version is never newer', () => {
  expect(isNewerVersion('1.0.0+2', '1.0.0+1')).toBe(false);
  expect(isNewerVersion('1.0', '0.1.0')).toBe(false);
  expect(isNewerVersion('1.0.1', 'main')).toBe(false);
});
