import { describe, expect, it } from 'vitest';
import { requestHash } from '../../../src/runtimes/packages/package-request.ts';
import { recognisePackage } from '../../../src/runtimes/packages/recognise-package.ts';

/** A command line as one would type it, and what it means: packages | program | arguments | installer options. */
function meaning(line: string): string {
  const [command = '', ...args] = line.split(' ');
  const request = recognisePackage({ command, args, cwd: '/srv' });
  if (!request) return 'not a package';
  const parts = [request.packages.join(' '), request.bin ?? '', request.args.join(' '), request.options.join(' ')];
  return parts.join(' | ').replace(/( \| )+$/, '');
}

describe('npm packages', () => {
  it.each([
    ['npx pkg', 'pkg'],
    ['npx -y pkg', 'pkg'],
    ['npx --yes pkg@latest', 'pkg@latest'],
    ['npx -y @scope/server-fs@1.2.3 /data --flag', '@scope/server-fs@1.2.3 |  | /data --flag'],
    ['npx -y @scope/server-fs /data', '@scope/server-fs |  | /data'],
    ['npx -yq pkg', 'pkg'],
    ['npx -- pkg -y', 'pkg |  | -y'],
    ['npx pkg -- x', 'pkg |  | -- x'],
    ['npx -y pkg@^1.2 -p 80', 'pkg@^1.2 |  | -p 80'],
    ['npx pkg@>=2', 'pkg@>=2'],
    ['npx -y -p pkg program --flag', 'pkg | program | --flag'],
    ['npx -y --package=@s/a@1 -p b program', '@s/a@1 b | program'],
    ['npx --package @s/a@1 -- program -x', '@s/a@1 | program | -x'],
    ['npx --registry https://npm.example pkg', 'pkg |  |  | --registry=https://npm.example'],
    ['npx --registry=https://npm.example -y pkg', 'pkg |  |  | --registry=https://npm.example'],
    ['npx -y github:user/repo#main', 'github:user/repo#main'],
    ['npx user/repo', 'github:user/repo'],
    ['npx git+https://example.org/a.git', 'git+https://example.org/a.git'],
    ['npx https://example.org/a.tgz', 'https://example.org/a.tgz'],
    ['npx ./server', 'file:/srv/server'],
    ['npx file:../a.tgz', 'file:/a.tgz'],
    ['npx /opt/a.tgz', 'file:/opt/a.tgz'],
    ['npx alias@npm:@s/real@1', 'alias@npm:@s/real@1'],
    ['/usr/local/bin/npx -y pkg', 'pkg'],
    ['C:\\node\\npx.cmd -y pkg', 'pkg'],
    ['cmd /c npx -y pkg x', 'pkg |  | x'],
    ['cmd.exe /C npx pkg', 'pkg'],
    ['npm exec pkg', 'pkg'],
    ['npm exec -y pkg', 'pkg'],
    ['npm --yes exec pkg a', 'pkg |  | a'],
    ['npm x -- pkg --flag', 'pkg |  | --flag'],
    ['npm exec pkg -- --flag', 'pkg |  | --flag'],
    ['npm exec --package=pkg -- program --flag', 'pkg | program | --flag'],
    ['npm exec --package pkg program a', 'pkg | program | a'],
    ['bunx pkg@1 a', 'pkg@1 |  | a'],
    ['bun x -p pkg program', 'pkg | program'],
    ['pnpm dlx pkg a', 'pkg |  | a'],
    ['pnpm --package=pkg dlx program', 'pkg | program'],
    ['pnpx pkg', 'pkg'],
    ['yarn dlx -q pkg', 'pkg'],
  ])('%s', (line, expected) => {
    expect(meaning(line)).toBe(expected);
  });
});

describe('Python packages', () => {
  it.each([
    ['uvx mcp-server-time', 'mcp-server-time | mcp-server-time'],
    ['uvx mcp-server-time --local-timezone UTC', 'mcp-server-time | mcp-server-time | --local-timezone UTC'],
    ['uvx mcp-server-time@1.2.0', 'mcp-server-time==1.2.0 | mcp-server-time'],
    ['uvx mcp-server-time@latest', 'mcp-server-time | mcp-server-time'],
    ['uvx mcp-server-time==1.2.0 x', 'mcp-server-time==1.2.0 | mcp-server-time | x'],
    ['uvx mcp[cli]>=1 x', 'mcp[cli]>=1 | mcp | x'],
    ['uvx mcp[cli]@1.9 x', 'mcp[cli]==1.9 | mcp | x'],
    ['uvx --from mcp[cli] mcp run', 'mcp[cli] | mcp | run'],
    ['uvx --from git+https://example.org/a.git@main prog', 'git+https://example.org/a.git@main | prog'],
    ['uvx git+https://example.org/a.git', 'git+https://example.org/a.git'],
    ['uvx --from ./dist/a-1.whl prog', '/srv/dist/a-1.whl | prog'],
    ['uvx --with httpx,rich -q srv a', 'srv httpx rich | srv | a'],
    ['uvx --index-url=https://pypi.example srv', 'srv | srv |  | --index-url=https://pypi.example'],
    ['uvx --default-index https://pypi.example srv', 'srv | srv |  | --index-url=https://pypi.example'],
    ['uvx --prerelease=allow srv', 'srv | srv |  | --pre'],
    ['uvx --upgrade srv', 'srv | srv'],
    ['uv tool run srv a', 'srv | srv | a'],
    ['pipx run srv a', 'srv | srv | a'],
    ['pipx run --spec srv==1.0 prog a', 'srv==1.0 | prog | a'],
    ['pipx run srv -- --flag', 'srv | srv | --flag'],
  ])('%s', (line, expected) => {
    expect(meaning(line)).toBe(expected);
  });

  it('keeps the interpreter that was asked for', () => {
    const request = recognisePackage({ command: 'uvx', args: ['--python', '3.12', 'srv'], cwd: '/' });
    expect(request?.python).toBe('3.12');
  });
});

describe('what is left as it stands', () => {
  it.each([
    'node server.js',
    '/tools/my-script.sh',
    'npx',
    'npx -y',
    'npx -c pkg',
    'npx --call=pkg',
    'npx --no-install pkg',
    'npx --some-new-flag pkg',
    'npx -p',
    'npx -y !bad!',
    'npm start',
    'npm run exec pkg',
    'npm exec pkg --flag',
    'bunx --bun pkg',
    'pnpm install pkg',
    'uv run server.py',
    'uv tool install srv',
    'uvx',
    'uvx --env-file .env srv',
    'uvx !bad!',
    'pipx install srv',
    'python -m mcp_server_time',
    'cmd /c dir',
  ])('%s', (line) => {
    expect(meaning(line)).toBe('not a package');
  });
});

describe('the identity of an installation', () => {
  const hash = (line: string) => {
    const [command = '', ...args] = line.split(' ');
    const request = recognisePackage({ command, args, cwd: '/' });
    return request ? requestHash(request) : undefined;
  };

  it('is another one where install scripts may run, which only npm has', () => {
    const request = (command: string, installScripts: boolean) =>
      recognisePackage({ command, args: ['pkg'], cwd: '/', installScripts });
    expect(request('npx', true)).toMatchObject({ installScripts: true });
    expect(request('npx', false)?.installScripts).toBeUndefined();
    expect(request('uvx', true)?.installScripts).toBeUndefined();
  });

  it('is shared by programs and arguments of the same package', () => {
    expect(hash('npx -y pkg@1 a')).toBe(hash('npm exec -- pkg@1 b'));
    expect(hash('npx -p pkg@1 one')).toBe(hash('npx -p pkg@1 two'));
  });

  it('differs by version, source, interpreter and ecosystem', () => {
    const lines = [
      'npx pkg',
      'npx pkg@1',
      'npx --registry=http://r pkg',
      'uvx pkg',
      'uvx -p 3.12 pkg',
      'uvx --with a pkg',
    ];
    expect(new Set(lines.map(hash)).size).toBe(lines.length);
  });
});
