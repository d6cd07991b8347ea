import { expect, test } from 'vitest';
import { isNewerPythonVersion } from '../../../src/runtimes/packages/newer-python-version.ts';

test('versions stand in the order of PEP 440', () => {
  const early = ['1.0.dev1', '1.0a1', '1.0a2', '1.0b1', '1.0rc1', '1.0', '1.0.post1', '1.0.1', '1.9', '1.10'];
  const all = [...early, '2025.7.1', '2025.10.1', '1!0.1'];
  for (const [at, version] of all.entries()) {
    for (const [other, against] of all.entries()) expect(isNewerPythonVersion(version, against)).toBe(at > other);
  }
});

test('different spellings of one version are alike, and what is no version is never newer', () => {
  expect(isNewerPythonVersion('1.0.0', '1.0')).toBe(false);
  expect(isNewerPythonVersion('v1.0', '1.0')).toBe(false);
  expect(isNewerPythonVersion('latest', '1.0')).toBe(false);
  expect(isNewerPythonVersion('1.0', 'main')).toBe(false);
});
