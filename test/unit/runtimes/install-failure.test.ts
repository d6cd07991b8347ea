import { describe, expect, it } from 'vitest';
import { installFailure } from '../../../src/runtimes/packages/install-failure.ts';
import { readShebang } from '../../../src/runtimes/packages/resolve-bin.ts';

const whatIsSaidOf = (installer: 'npm' | 'pip' | 'uv', ...tail: string[]) =>
  installFailure({ server: 's', installer, asked: ['p'], tail })
    .message.split('\n')[0]
    ?.replace('s: cannot install p: ', '');

describe('#16 the reason of a failed installation', () => {
  it('is the network where pip, having asked often enough, then knows of no such package', () => {
    const broken = (left: number) =>
      `WARNING: Retrying (Retry(total=${left}, connect=None)) after connection broken by 'NewConnectionError('<x>')': /simple/p/`;
    const ends = [
      'ERROR: Could not find a version (from versions: none)',
      'ERROR: No matching distribution found for p',
    ];
    expect(whatIsSaidOf('pip', broken(1), broken(0), ...ends)).toBe('the registry cannot be reached');
    expect(whatIsSaidOf('pip', broken(4), ...ends)).toBe('the registry has no such package');
  });

  it('has a command to copy that does nothing else, whatever the package is called', () => {
    const { hint } = installFailure({ server: 's', installer: 'pip', asked: ['p==1;touch x', "it's"], tail: ['?'] });
    expect(hint).toBe("Try the same by hand: pip install 'p==1;touch x' 'it'\\''s'");
  });

  it.each([
    ['npm', 'npm error code E404', 'the registry has no such package'],
    ['npm', 'npm error code ETARGET', 'no version of it fits'],
    ['npm', 'npm error code E401', 'the registry refuses access'],
    ['npm', 'npm error code EINTEGRITY', 'what was downloaded is not what was published'],
    ['npm', 'npm error code ENOSPC', 'the disk is full'],
    ['npm', 'npm error code ENOTFOUND', 'the registry cannot be reached'],
    ['npm', 'npm error code EBADENGINE', 'it needs another version of Node or Python'],
    ['pip', 'ERROR: No matching distribution found for nope', 'the registry has no such package'],
    ['pip', 'ERROR: No matching distribution found for rich==99', 'no version of it fits'],
    ['pip', 'Failed to establish a new connection: [Errno 111]', 'the registry cannot be reached'],
    ['uv', 'Because nope was not found in the package registry', 'the registry has no such package'],
    ['uv', 'Because there is no version of rich==99 and you require it', 'no version of it fits'],
    ['uv', 'error sending request for url (https://pypi.example)', 'the registry cannot be reached'],
    ['pip', 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM', 'what was downloaded is not what was published'],
    ['uv', 'Hash mismatch for `greets==3.1`', 'what was downloaded is not what was published'],
    ['pip', 'no such option: --report', 'the pip of this Python is too old to choose versions by hash'],
    ['npm', 'something never seen', 'npm failed'],
  ] as const)('%s: %s', (installer, line, what) => {
    expect(whatIsSaidOf(installer, line)).toBe(what);
  });

  it('quotes what the installer said, without its noise', () => {
    const tail = [
      'npm http fetch GET 200 x',
      'npm warn old',
      'npm error code E404',
      'npm error 404',
      'npm error     at f',
    ];
    const { message, hint } = installFailure({ server: 's', installer: 'npm', asked: ['p'], tail });
    expect(message).toBe('s: cannot install p: the registry has no such package\n  npm error code E404');
    expect(hint).toBeTruthy();
  });
});

describe('the interpreter of a script', () => {
  it.each([
    ['#!/usr/bin/env node', { name: 'node', flags: [] }],
    ['#!/usr/bin/env -S node --no-warnings --x=1', { name: 'node', flags: ['--no-warnings', '--x=1'] }],
    ['#! /usr/local/bin/node', { name: 'node', flags: [] }],
    ['#!/usr/bin/python3.11', { name: 'python', flags: [] }],
    ['#!/bin/sh -e', { name: 'sh', flags: ['-e'] }],
    ['console.log(1)', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(readShebang(line)).toEqual(expected);
  });
});
