/** The oldest Node is said in several places, and what is bundled needs it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string) => readFileSync(file, 'utf8');
const engine = (file: string) => /"node": "(>=[\d.]+)"/.exec(read(file))?.[1];

it('is the one that undici needs, and is the same wherever it is said', () => {
  const needed = engine('node_modules/undici/package.json');
  expect(engine('package.json')).toBe(needed);
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { engines?: { node?: string } }> };
  expect(lock.packages['']?.engines?.node).toBe(needed);
  for (const file of ['README.md', 'CONTRIBUTING.md', 'docs/DEPLOYMENT.md'])
    expect(read(file), file).toContain(`${needed?.slice(2)} or newer`);
});
