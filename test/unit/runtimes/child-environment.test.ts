import { describe, expect, it } from 'vitest';
import { childEnvironment, installerEnvironment } from '../../../src/runtimes/native/child-environment.ts';

const SECRETS = {
  AWS_SECRET_ACCESS_KEY: 'a',
  OPENAI_API_KEY: 'b',
  DATABASE_URL: 'c',
  TOOLDEX_KEY: 'd',
  NODE_OPTIONS: '-r x',
  LD_PRELOAD: 'y',
};

describe.skipIf(process.platform === 'win32')('#54 the environment of a server', () => {
  it('holds where things are and how they are written, and nothing that opens doors', () => {
    const harmless = {
      PATH: '/bin',
      HOME: '/h',
      LANG: 'C',
      LC_TIME: 'de',
      TZ: 'UTC',
      TMPDIR: '/t',
      TERM: 'xterm',
      SHELL: '/bin/sh',
    };
    expect(childEnvironment({ ...harmless, ...SECRETS, NPM_TOKEN: 'e', npm_config_registry: 'f' })).toEqual(harmless);
  });

  it('takes from its own entry whatever is there, over what is inherited', () => {
    const own = { HOME: '/elsewhere', OPENAI_API_KEY: `$x"'\n`, EMPTY: '' };
    expect(childEnvironment({ HOME: '/h', OPENAI_API_KEY: 'b' }, own)).toEqual(own);
  });

  it('knows certificates, and proxies without a password', () => {
    const gateway = {
      NODE_EXTRA_CA_CERTS: '/ca',
      HTTPS_PROXY: 'http://me:pw@proxy',
      http_proxy: 'http://proxy:3128',
      no_proxy: '.local',
    };
    expect(childEnvironment(gateway)).toEqual({
      NODE_EXTRA_CA_CERTS: '/ca',
      http_proxy: 'http://proxy:3128',
      no_proxy: '.local',
    });
  });

  it('leaves out what is not set', () => {
    expect(childEnvironment({ HOME: undefined })).toEqual({});
  });
});

describe('the environment of npm, pip and uv', () => {
  it('holds their own settings and any proxy, and no other secret', () => {
    const settings = {
      npm_config_registry: 'r',
      NPM_TOKEN: 't',
      PIP_INDEX_URL: 'i',
      UV_CACHE_DIR: 'u',
      HTTPS_PROXY: 'http://me:pw@proxy',
    };
    expect(installerEnvironment({ ...settings, ...SECRETS })).toEqual(settings);
  });
});
