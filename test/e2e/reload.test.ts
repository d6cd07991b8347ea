/** A gateway whose file changes under it, as its users see it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serveGateway } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

async function begin() {
  const folder = tempDir('reload');
  const file = join(folder, 'tooldex.yaml');
  const write = (...names: string[]) =>
    writeFileSync(
      file,
      JSON.stringify({
        include: 'conf.d/*.yaml',
        servers: Object.fromEntries(names.map((name) => [name, fixtureServer('well-behaved')])),
      }),
    );
  write('one');
  const gateway = await serveGateway(['--config', file, '--data-dir', join(folder, 'data')]);
  const readiness = async () => {
    const response = await fetch(new URL('/readyz', gateway.url));
    return { ...((await response.json()) as { configuration: string }), httpStatus: response.status };
  };
  return { file, write, gateway, readiness };
}

describe('tooldex serve', () => {
  it('#63 #64 follows its file, and keeps what it had while that is broken', async () => {
    const { file, write, gateway, readiness } = await begin();
    await using running = gateway;
    await using client = await connectClient('v2-legacy', running.url);
    const menu = JSON.stringify(await client.listTools());
    const call = (tool: string) => client.callTool('use_tool', { mcp_tool_name: tool, params: { text: 'hello' } });

    write('one', 'two');
    await running.printed(/generation 2: added two; 1 server unchanged/);
    expect((await call('two:echo')).content[0]?.text).toBe('hello');

    writeFileSync(file, 'servers:\n  one:\n    comand: node\n');
    await running.printed(/not reloaded, generation 2 stays in use: .*tooldex\.yaml:3:5: .*"comand"/);
    expect(await readiness()).toMatchObject({
      httpStatus: 200,
      configuration: expect.stringMatching(/^generation 2, kept because \S*tooldex\.yaml:3:5 cannot be used/),
    });
    expect((await call('one:echo')).content[0]?.text).toBe('hello');

    writeFileSync(file, 'max_instances: 3\nservers:\n  one: {command: node}\n');
    await running.printed(/"max_instances" cannot change/);
    expect((await readiness()).configuration).toMatch(/^generation 2, kept because "max_instances" cannot be used/);

    write('two');
    await running.printed(/generation 3: removed one/);
    expect((await call('one:echo')).content[0]?.text).toContain('SERVER_UNKNOWN');
    expect((await readiness()).configuration).toBe('generation 3');
    expect(JSON.stringify(await client.listTools())).toBe(menu);
  });

  it('#63 keeps what it had when something else than a file takes the place of its file', async () => {
    const { file, write, gateway, readiness } = await begin();
    await using running = gateway;
    await using client = await connectClient('v2-legacy', running.url);
    const call = (tool: string) => client.callTool('use_tool', { mcp_tool_name: tool, params: { text: 'hello' } });

    rmSync(file);
    execFileSync('mkfifo', [file]);
    await running.printed(/not reloaded, generation 1 stays in use: .*tooldex\.yaml: it is a pipe or a device/);
    running.process.kill('SIGHUP');
    await running.printed(/(it is a pipe[\s\S]*){2}/);
    expect((await call('one:echo')).content[0]?.text).toBe('hello');

    rmSync(file);
    mkdirSync(file);
    await running.printed(/tooldex\.yaml: it is a folder/);
    rmSync(file, { recursive: true });
    writeFileSync(file, '');
    truncateSync(file, 2 ** 40);
    await running.printed(/tooldex\.yaml: it is larger than 4MiB/);
    expect(await readiness()).toMatchObject({
      httpStatus: 200,
      configuration: expect.stringMatching(/^generation 1, /),
    });

    rmSync(file);
    write('one', 'two');
    await running.printed(/generation 2: added two/);
    expect((await call('two:echo')).content[0]?.text).toBe('hello');
  });

  it('#63 waits for no pipe in the place of a secret', async () => {
    const { file, gateway, readiness } = await begin();
    await using running = gateway;
    execFileSync('mkfifo', [join(dirname(file), 'secret')]);
    const one = { ...fixtureServer('well-behaved'), env: { KEY: '${file:secret}' } };
    writeFileSync(file, JSON.stringify({ servers: { one } }));
    await running.printed(/not reloaded, generation 1 stays in use: .*secret cannot be read: it is a pipe or a device/);
    expect(await readiness()).toMatchObject({ httpStatus: 200 });
  });

  it('starts from a pipe, and says that it cannot be read again', async () => {
    const folder = tempDir('reload');
    const file = join(folder, 'tooldex.yaml');
    execFileSync('mkfifo', [file]);
    const config = JSON.stringify({ servers: { one: fixtureServer('well-behaved') } });
    const writer = spawn('/bin/sh', ['-c', `printf %s "$1" > "$2"`, 'sh', config, file], { stdio: 'ignore' });
    await using running = await serveGateway(['--config', file, '--data-dir', join(folder, 'data')]);
    await using client = await connectClient('v2-legacy', running.url);
    expect(
      (await client.callTool('use_tool', { mcp_tool_name: 'one:echo', params: { text: 'hello' } })).isError,
    ).not.toBe(true);
    running.process.kill('SIGHUP');
    await running.printed(/not reloaded, generation 1 stays in use: .*it is a pipe or a device/);
    writer.kill();
  });

  it('follows files that it includes, also in a folder that comes later', async () => {
    const { file, gateway } = await begin();
    await using running = gateway;
    const folder = join(dirname(file), 'conf.d');
    mkdirSync(folder);
    writeFileSync(join(folder, 'more.yaml'), JSON.stringify({ servers: { more: fixtureServer('well-behaved') } }));
    await running.printed(/generation 2: added more; 1 server unchanged/);
    writeFileSync(join(folder, 'more.yaml'), 'servers:\n  more: {}\n');
    await running.printed(/generation 2 stays in use: .*conf\.d\/more\.yaml:2:3: /);
    rmSync(join(folder, 'more.yaml'));
    await running.printed(/generation 3: removed more/);
  });

  it('reloads at SIGHUP, changed or not, and ends at SIGTERM', async () => {
    const { gateway } = await begin();
    await using running = gateway;
    running.process.kill('SIGHUP');
    await running.printed(/generation 2: 1 server unchanged/);
    expect(await running.stop('SIGTERM')).toMatchObject({ code: 0 });
  });
});
