/** Wrong commands, broken configurations and places that cannot be used: each is refused with what, where and the remedy. */
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { makeTempDir, tempDir } from '../helpers/temp-dir.ts';

const place = makeTempDir('bad');
const config = join(place.path, 'tooldex.yaml');
const flags = ['--config', config, '--data-dir', join(place.path, 'data')];

beforeAll(() => writeFileSync(config, JSON.stringify({ servers: { good: fixtureServer('well-behaved') } })));
afterAll(() => place.remove());

describe('the command line', () => {
  it.each([
    ['a command that does not exist', ['serch', 'x'], /unknown command "serch"[\s\S]*search/],
    ['a flag that does not exist', ['list', '--jsno'], /unknown option '--jsno'[\s\S]*--json/],
    ['a port that is no number', ['serve', '--port', 'http'], /--port[\s\S]*whole number/],
    ['a port out of range', ['serve', '--port', '70000'], /--port[\s\S]*65535/],
    ['a missing tool', ['call'], /missing required argument 'tool'/],
  ] as const)('explains %s', async (_what, args, says) => {
    const result = await runCli([...args]);
    expect(result).toMatchObject({ code: 64, stdout: '' });
    expect(result.stderr).toMatch(says);
  });

  it.each([
    ['list', ['list', 'god']],
    ['index', ['index', 'god', 'good']],
    ['search', ['search', '--server', 'god', 'add numbers']],
  ] as const)('explains a server that %s does not know', async (_command, args) => {
    const result = await runCli([...args, ...flags]);
    expect(result).toMatchObject({ code: 65, stdout: '' });
    expect(result.stderr).toMatch(/no server is called "god"[\s\S]*good/);
  });
});

describe('#63 a broken configuration', () => {
  const BROKEN = [
    ['an unknown key', 'servers:\n  files:\n    comand: node\n', '3:5', /unknown key "comand"[\s\S]*"command"/],
    ['an unknown key at the top', 'server:\n  a:\n    command: node\n', '1:1', /unknown key "server"[\s\S]*"servers"/],
    ['wrong indentation', 'servers:\n  a:\n    command: node\n   args: [x]\n', '4:', /syntax/],
    ['a tab', 'servers:\n\ta:\n', '2:1', /tab/],
    ['a duplicate server', 'servers:\n  a:\n    command: x\n  a:\n    command: y\n', '4:3', /duplicate key "a"/],
    ['a duration without unit', 'servers:\n  a:\n    command: x\n    start_timeout: 30\n', '4:20', /"30s"/],
    ['a wrong type', 'servers:\n  a:\n    command: [x]\n', '3:14', /command/],
    [
      'an undefined variable',
      'servers:\n  a:\n    command: x\n    env:\n      K: ${env:NOT_SET_X}\n',
      '5:',
      /"K"[\s\S]*NOT_SET_X/,
    ],
    ['nothing', '', '1:1', /empty/],
  ] as const;

  it.each(BROKEN)('%s is refused with its place', async (...[, yaml, at, says]) => {
    const file = join(tempDir('config'), 'broken.yaml');
    writeFileSync(file, yaml);
    const result = await runCli(['check', '--config', file]);
    expect(result).toMatchObject({ code: 78, stdout: '' });
    expect(result.stderr).toContain(`broken.yaml:${at}`);
    expect(result.stderr).toMatch(says);
    expect(result.stderr).toContain('hint: ');
  });

  it('tells all its mistakes at once', async () => {
    const file = join(tempDir('config'), 'broken.yaml');
    writeFileSync(file, 'servers:\n  a:\n    comand: x\n  b:\n    command: x\n    start_timeout: soon\n');
    const { code, stderr } = await runCli(['check', '--config', file]);
    expect(code).toBe(78);
    expect(stderr).toMatch(/broken\.yaml:3:5[\s\S]*broken\.yaml:6:/);
  });

  it.each([['serve'], ['stdio'], ['list'], ['index'], ['search', 'x'], ['call', 'a:b']])(
    'keeps %s from starting, and makes no data folder',
    async (...args) => {
      const folder = tempDir('config');
      writeFileSync(join(folder, 'broken.yaml'), 'servers:\n  files:\n    comand: node\n');
      const result = await runCli([...args, '--config', 'broken.yaml'], { cwd: folder });
      expect(result).toMatchObject({ code: 78, stdout: '' });
      expect(result.stderr).toMatch(/broken\.yaml:3:5: unknown key "comand"/);
      expect(readdirSync(folder)).toEqual(['broken.yaml']);
    },
  );

  it('that is not there is named', async () => {
    const result = await runCli(['serve', '--config', 'nowhere.yaml'], { cwd: tempDir('config') });
    expect(result).toMatchObject({ code: 78, stdout: '' });
    expect(result.stderr).toMatch(/nowhere\.yaml: there is no such file/);
  });
});

describe('a place that cannot be used', () => {
  it.each([['serve', '--port', '0'], ['stdio'], ['list'], ['index'], ['search', 'x'], ['call', 'good:echo']])(
    'as data folder is named by %s',
    async (...args) => {
      const folder = tempDir('data');
      const file = join(folder, 'a-file');
      writeFileSync(file, 'mine');
      const input = args[0] === 'stdio' ? `${JSON.stringify(INITIALIZE)}\n${JSON.stringify(SEARCH)}\n` : '';
      const result = await runCli([...args, '--config', config, '--data-dir', file], { input });
      const output = result.stdout + result.stderr;
      expect(output).toContain('DATA_DIR_UNUSABLE');
      expect(output).toContain(file);
      expect(output).toContain('--data-dir');
      if (args[0] !== 'stdio') expect(result.code).toBe(73);
    },
  );

  it('#67 as port is named, with the remedy, and whoever has it is not disturbed', async () => {
    const owner = createServer((socket) => void socket.end('still here'));
    await new Promise<void>((resolve) => owner.listen(0, '127.0.0.1', resolve));
    const { port } = owner.address() as { port: number };
    const result = await runCli(['serve', '--port', String(port), ...flags]);
    expect(result).toMatchObject({ code: 69, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`));
    expect(result.stderr).toMatch(/--port/);
    await new Promise((resolve) => owner.close(resolve));
  });

  it('as address that others can reach is refused', async () => {
    const result = await runCli(['serve', '--host', '0.0.0.0', '--port', '0', ...flags]);
    expect(result).toMatchObject({ code: 69, stdout: '' });
    expect(result.stderr).toMatch(/0\.0\.0\.0[\s\S]*hint: /);
  });
});

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'by-hand', version: '1' } },
};
const SEARCH = {
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name: 'search_mcp_server', arguments: { task_description: 'add' } },
};
