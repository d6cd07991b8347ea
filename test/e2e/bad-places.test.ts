/** Disks, folders and addresses that are not as they should be, each made for real: said clearly, and no more is lost than must be. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, serveGateway, startCli } from '../helpers/cli.ts';
import { fixtureServer } from '../helpers/fixture-server.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { hasOwnMounts, hasOwnNetwork, inside, withMounts, withNetwork } from '../helpers/own-namespace.ts';
import { tempDir } from '../helpers/temp-dir.ts';

function place() {
  const folder = tempDir('places');
  const disk = tempDir('disk');
  const config = join(folder, 'tooldex.yaml');
  const servers = { good: fixtureServer('well-behaved'), other: fixtureServer('well-behaved') };
  writeFileSync(config, JSON.stringify({ servers, audit: { file: join(disk, 'audit.jsonl') } }));
  return { folder, disk, config, flags: ['--config', config, '--data-dir', join(disk, 'data')] };
}

/** Until not a byte more fits, also into what is begun already. */
function fill(file: string): void {
  for (const bytes of [1 << 20, 1 << 12, 1])
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
}

const smallDisk = (disk: string, size: string) => withMounts(`mount -t tmpfs -o size=${size} tmpfs '${disk}'`);

describe.skipIf(!hasOwnMounts)('#67 a disk', () => {
  it('that becomes full takes ledger, index and audit, and no call', async () => {
    const { disk, flags } = place();
    await using gateway = await serveGateway(flags, { through: smallDisk(disk, '4m') });
    await gateway.printed(/indexed good/);
    await gateway.printed(/indexed other/);
    await using client = await connectClient('v2-auto', gateway.url);
    const echo = (server: string) =>
      client.callTool('use_tool', { mcp_server_name: server, mcp_tool_name: 'echo', params: { text: `to ${server}` } });
    const filler = inside(gateway.pid, join(disk, 'filler'));
    fill(filler);
    expect(await echo('good')).toMatchObject({ content: [{ text: 'to good' }] });
    const found = await client.callTool('search_mcp_server', { task_description: 'echo a text' });
    expect(found.content[0]?.text).toContain('- echo');
    await gateway.printed(/error running servers cannot be noted in .*ENOSPC/);
    await gateway.printed(/error audit lines cannot be written .*ENOSPC/);
    const ready = await fetch(new URL('/readyz', gateway.url));
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'degraded',
      audit: expect.stringContaining('ENOSPC'),
      ledger: expect.stringContaining('ENOSPC'),
    });
    rmSync(filler);
    expect(await echo('other')).toMatchObject({ content: [{ text: 'to other' }] });
    await gateway.printed(/running servers are noted in .* again/);
    expect(await gateway.stop()).toMatchObject({ code: 0 });
  });

  it('that is full when it ends keeps it from nothing', async () => {
    const { disk, flags } = place();
    await using gateway = await serveGateway(flags, { through: smallDisk(disk, '4m') });
    await gateway.printed(/indexed other/);
    fill(inside(gateway.pid, join(disk, 'filler')));
    await using client = await connectClient('v2-auto', gateway.url);
    await client.callTool('search_mcp_server', { task_description: 'echo a text' });
    expect(await gateway.stop()).toMatchObject({ code: 0 });
  });

  it('that is full at the start is named, with the remedy', async () => {
    const { disk, flags } = place();
    const through = withMounts(
      `mount -t tmpfs -o size=64k tmpfs '${disk}'; mkdir '${disk}/data'; dd if=/dev/zero of='${disk}/filler' 2>&- || true`,
    );
    const { code, stderr } = await runCli(['serve', '--port', '0', ...flags], { through });
    expect(code).toBe(73);
    expect(stderr).toMatch(/DATA_DIR_UNUSABLE[\s\S]*catalog\.db: database or disk is full\nhint: free space/);
  });

  it('that may only be read is named, with the remedy, as data folder and as home', async () => {
    const { disk, folder, flags } = place();
    const through = withMounts(`mount -t tmpfs -o ro tmpfs '${disk}'`);
    for (const args of [['serve', '--port', '0'], ['list'], ['call', 'good:echo', '{"text":"a"}']]) {
      const { code, stderr } = await runCli([...args, ...flags], { through });
      expect(code).toBe(73);
      expect(stderr).toMatch(
        new RegExp(`DATA_DIR_UNUSABLE[\\s\\S]*${disk}[\\s\\S]*make the folder writable[\\s\\S]*--data-dir`),
      );
    }
    // A home that may only be read is no reason to fail where the data folder is elsewhere.
    const elsewhere = ['--config', join(folder, 'here.yaml'), '--data-dir', join(folder, 'data')];
    writeFileSync(join(folder, 'here.yaml'), JSON.stringify({ servers: { good: fixtureServer('well-behaved') } }));
    const env = { HOME: disk, XDG_CACHE_HOME: undefined, XDG_DATA_HOME: undefined };
    const called = await runCli(['call', 'good:echo', '{"text":"a"}', ...elsewhere], { through, env });
    expect(called).toMatchObject({ code: 0, stdout: 'a\n' });
  });
});

describe.skipIf(!hasOwnNetwork)('#67 an address', () => {
  const refused = async (script: string, ...args: string[]) => {
    const { folder } = place();
    const flags = ['--data-dir', join(folder, 'data')];
    const config = join(folder, 'empty.yaml');
    writeFileSync(config, JSON.stringify({ servers: { good: fixtureServer('well-behaved') } }));
    return runCli(['serve', '--config', config, ...flags, ...args], { through: withNetwork(script) });
  };

  it('of IPv6 where that is off is named, with the one that works', async () => {
    const off = 'ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true';
    const { code, stderr } = await refused(off, '--host', '::1', '--port', '0');
    expect(code).toBe(69);
    expect(stderr).toMatch(/cannot listen on \[?::1\]?:0: this machine has no such address\nhint: .*127\.0\.0\.1/);
  });

  it('called localhost is IPv4 where IPv6 is off', async () => {
    const { flags } = place();
    const off = 'ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true';
    await using gateway = startCli(['serve', '--host', 'localhost', '--port', '0', ...flags], {
      through: withNetwork(off),
    });
    await gateway.printed(/serves MCP at http:\/\/localhost:\d+\/mcp/);
    expect(await gateway.stop()).toMatchObject({ code: 0 });
  });

  it('with a port for root only is named, with the ports that are free', async () => {
    const without = 'setpriv --bounding-set=-net_bind_service';
    const { code, stderr } = await refused(`ip link set lo up; set -- ${without} "$@"`, '--port', '80');
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /cannot listen on 127\.0\.0\.1:80: this user may not[\s\S]*hint: choose a port from 1024 on/,
    );
  });
});
