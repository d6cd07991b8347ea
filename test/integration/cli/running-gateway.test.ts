/** Commands find the gateway that runs for their configuration and act on it; without one they act on the files. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunningGateway, runCli, serveGateway, startCli } from '../../helpers/cli.ts';
import { fixtureServer, journalOf } from '../../helpers/fixture-server.ts';
import { connectClient } from '../../helpers/mcp-client.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const WELL = fixtureServer('well-behaved');

function configFile(more = ''): string {
  const file = join(tempDir(), 'tooldex.yaml');
  writeFileSync(file, `# mine\nservers:\n  first: ${JSON.stringify(WELL)} # stays\n${more}`);
  return file;
}

interface Said {
  readonly code: number | null;
  readonly text: string;
}

async function say(
  config: string,
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<Said> {
  const [command = '', ...rest] = args;
  const { code, stdout, stderr } = await runCli([command, '--config', config, ...rest], { env });
  return { code, text: stdout + stderr };
}

const inUse = ({ url }: RunningGateway) => `the gateway at ${url.origin} has it in use`;

it('a configuration out of a pipe, which can be read only once, is enough for commands that want it more often', async () => {
  const through = ['bash', '-c', 'exec "$0" "$@" --config <(printf "servers:\n  piped: {command: x}\n")'];
  const dataDir = tempDir();
  expect(await runCli(['list', '--data-dir', dataDir], { through })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('piped'),
  });
  expect(await runCli(['check', '--data-dir', dataDir], { through })).toMatchObject({ code: 0 });
});

describe('with a running gateway', () => {
  it('as without one, the tools that are counted are those that can be used', async () => {
    const config = join(tempDir(), 'tooldex.yaml');
    writeFileSync(config, `servers:\n  first: ${JSON.stringify({ ...WELL, tools: { deny: ['echo'] } })}\n`);
    const counted = async () => {
      const [all, one] = await Promise.all(
        [[], ['first']].map((names) => runCli(['list', ...names, '--config', config, '--json'])),
      );
      const names = JSON.parse(one?.stdout ?? '').tools.map(({ name }: { name: string }) => name);
      return {
        tools: JSON.parse(all?.stdout ?? '').servers[0].tools,
        listed: names.length,
        hasEcho: names.includes('echo'),
      };
    };
    expect((await say(config, ['index'])).code).toBe(0);
    const without = await counted();
    expect(without).toEqual({ tools: without.listed, listed: expect.any(Number), hasEcho: false });
    await using gateway = await serveGateway(['--config', config]);
    expect(gateway.url.port).not.toBe('');
    expect(await counted()).toEqual(without);
  });

  it('a server is added, indexed, listed, restarted, switched and removed there, and is in use when the command ends', async () => {
    const config = configFile();
    const before = readFileSync(config, 'utf8');
    await using gateway = await serveGateway(['--config', config]);
    await using client = await connectClient('v2-auto', gateway.url);
    const use = (text: string) =>
      client
        .callTool('use_tool', { server: 'second', tool: 'echo', params: { text } })
        .then(({ content }) => content[0]?.text);

    const journal = join(tempDir(), 'journal');
    const second = fixtureServer('well-behaved', '--journal', journal);
    const added = await say(config, ['add', 'second', '--command', second.command, '--', ...second.args]);
    expect(added).toMatchObject({ code: 0, text: expect.stringContaining(`${inUse(gateway)}: added second`) });
    expect(await use('hello')).toBe('hello');
    const listed = JSON.parse((await runCli(['list', '--config', config, '--json'])).stdout);
    expect(listed).toMatchObject({ gateway: gateway.url.origin });
    // Only the process that runs it can know that.
    expect(listed.servers).toContainEqual(expect.objectContaining({ server: 'second', state: 'ready' }));
    expect((await say(config, ['list', 'second'])).text).toContain('echo(');
    expect((await say(config, ['list'])).text).toContain(`as the gateway at ${gateway.url.origin} has it`);

    const started = journalOf(journal, 'started').length;
    expect((await say(config, ['restart', 'second'])).text).toContain('its next call starts it anew');
    expect(await use('again')).toBe('again');
    expect(journalOf(journal, 'started')).toHaveLength(started + 1);

    expect(await say(config, ['index', 'second'])).toMatchObject({
      code: 0,
      text: expect.stringContaining('indexed second'),
    });
    expect(await say(config, ['index', 'secnd'])).toMatchObject({ code: 65 });
    expect((await say(config, ['disable', 'second'])).text).toContain(`${inUse(gateway)}: removed second`);
    expect(await use('gone')).toContain('SERVER_UNKNOWN');
    expect((await say(config, ['list'])).text).toMatch(/^second +disabled$/m);
    expect((await say(config, ['enable', 'second'])).text).toContain(`${inUse(gateway)}: added second`);
    expect((await say(config, ['remove', 'second'])).text).toContain(`${inUse(gateway)}: removed second`);
    expect(readFileSync(config, 'utf8')).toBe(before);
    expect(await say(config, ['remove', 'nothing'])).toMatchObject({
      code: 65,
      text: expect.stringContaining('nothing'),
    });
  });

  it('"tooldex index" shows what the gateway is doing until it has done it', async () => {
    const gate = join(tempDir(), 'gate');
    const config = configFile(`  slow: ${JSON.stringify(fixtureServer('slow-to-start', '--gate', gate))}\n`);
    await using _gateway = await serveGateway(['--config', config]);
    await using index = startCli(['index', 'slow', '--config', config]);
    await index.printed(/^slow: starting$/m);
    writeFileSync(gate, '');
    await index.printed(/^indexed slow: 1 tool\b/m);
  });

  it('#63 "tooldex reload" says what changed, or why the gateway keeps what it has', async () => {
    const config = configFile();
    await using gateway = await serveGateway(['--config', config]);
    const first = await say(config, ['reload']);
    expect(first).toMatchObject({ code: 0, text: expect.stringContaining('generation 2') });
    expect(first.text).toContain('1 server unchanged');
    writeFileSync(config, 'servers:\n  first: {comand: x}\n');
    const refused = await say(config, ['reload']);
    expect(refused).toMatchObject({ code: 78, text: expect.stringMatching(/tooldex\.yaml:2:\d+: .*comand/) });
    const url = `--gateway=${gateway.url.origin}`;
    expect((await say(config, ['list', url])).text).toContain('first');
  });

  it('"tooldex check" says what a reload would change, and changes nothing', async () => {
    const config = configFile();
    await using gateway = await serveGateway(['--config', config]);
    const against = `against the gateway at ${gateway.url.origin}`;
    expect((await say(config, ['check'])).text).toContain(`${against}: 1 server unchanged`);
    await runCli(['add', 'second', '--config', config, '--no-gateway', '--command', WELL.command, '--', ...WELL.args]);
    await gateway.printed(/generation 2: added second/);
    expect((await say(config, ['check'])).text).toContain(`${against}: 2 servers unchanged`);
    const text = readFileSync(config, 'utf8');
    const changed = text.replace('servers:', 'max_instances: 7\nservers:').replace('"args"', '"env":{"A":"b"},"args"');
    // Refused by the gateway, so what it has in use stays behind the file.
    writeFileSync(config, changed);
    await gateway.printed(/"max_instances" cannot change/);
    const { code, stdout } = await runCli(['check', '--config', config, '--json']);
    expect([code, JSON.parse(stdout).change]).toMatchObject([
      0,
      {
        gateway: gateway.url.origin,
        plan: { changed: [{ name: 'first', restarts: true }], unchanged: ['second'], refused: ['max_instances'] },
      },
    ]);
    expect((await say(config, ['check'])).text).toContain('"max_instances" cannot change while it runs');
    const { servers } = JSON.parse((await runCli(['list', '--config', config, '--json'])).stdout);
    expect(servers).toHaveLength(2);
  });

  it('one that asks for a key is given it, and without one the files are edited', async () => {
    const rules = 'access: { rules: [{ for: ["key:root"], admin: true }, { for: ["*"], servers: ["*"] }] }\n';
    const config = configFile(`auth: { api_keys: true }\n${rules}`);
    const keyOf = async (name: string) => (await runCli(['key', 'create', name, '--config', config])).stdout.trim();
    const [root, user] = [await keyOf('root'), await keyOf('user')];
    await using gateway = await serveGateway(['--config', config]);

    const unasked = await say(config, ['reload']);
    expect(unasked).toMatchObject({ code: 77, text: expect.stringMatching(/asks for a key\nhint: .*TOOLDEX_KEY/) });
    const without = await say(config, ['disable', 'first']);
    expect(without).toMatchObject({ code: 0, text: expect.stringContaining('no running gateway was asked') });
    await gateway.printed(/configuration reloaded, generation 2: removed first/);
    const withKey = await say(config, ['enable', 'first'], { TOOLDEX_KEY: root });
    expect(withKey).toMatchObject({ code: 0, text: expect.stringContaining(`${inUse(gateway)}: added first`) });
    expect(await say(config, ['disable', 'first', '--key', user])).toMatchObject({ code: 77 });
    expect(await say(config, ['disable', 'first', '--key', 'tdx_wrong'])).toMatchObject({ code: 77 });
    const aside = await say(config, ['disable', 'first', '--no-gateway', '--key', root]);
    expect(aside).toMatchObject({ code: 0, text: expect.stringContaining('no running gateway was asked') });
  });
});

describe('without a running gateway', () => {
  it('"tooldex check" compares with what was used last', async () => {
    const config = configFile();
    expect((await say(config, ['check'])).text).not.toContain('against');
    expect(await say(config, ['list'])).toMatchObject({ code: 0 });
    await say(config, ['add', 'second', '--command', WELL.command, '--', ...WELL.args]);
    const checked = await say(config, ['check']);
    expect(checked.text).toContain('against what was used last: added second; 1 server unchanged');
    await say(config, ['list']);
    expect((await say(config, ['check'])).text).toContain('against what was used last: 2 servers unchanged');
  });

  it('the files are edited, and only what needs one is refused', async () => {
    const config = configFile();
    expect((await say(config, ['disable', 'first'])).text).toContain('no running gateway was asked');
    for (const args of [['reload'], ['restart', 'first']])
      expect(await say(config, args)).toMatchObject({ code: 64, text: expect.stringContaining('tooldex serve') });
    const nowhere = await say(config, ['list', '--gateway', 'http://127.0.0.1:9']);
    expect(nowhere).toMatchObject({ code: 64, text: expect.stringContaining('no gateway answers at') });
  });

  it('what a killed one has left misleads nobody, and one that stops leaves nothing', async () => {
    const config = configFile();
    const notes = join(config, '..', '.tooldex', 'serving');
    await using killed = await serveGateway(['--config', config]);
    expect(readdirSync(notes)).toHaveLength(1);
    await killed.stop('SIGKILL');
    expect(existsSync(join(notes, `${killed.pid}.json`))).toBe(true);
    expect((await say(config, ['disable', 'first'])).text).toContain('no running gateway was asked');
    expect(readdirSync(notes)).toHaveLength(0);
    await using stopped = await serveGateway(['--config', config]);
    expect(await stopped.stop()).toMatchObject({ code: 0 });
    expect(readdirSync(notes)).toHaveLength(0);
  });

  it('a gateway of another configuration in the same data folder is left alone', async () => {
    const [config, other] = [configFile(), configFile()];
    const data = ['--data-dir', join(tempDir(), 'data')];
    await using gateway = await serveGateway(['--config', other, ...data]);
    const disabled = await say(config, ['disable', 'first', ...data]);
    expect(disabled.text).toContain('no running gateway was asked');
    expect((await say(other, ['disable', 'first', ...data])).text).toContain(inUse(gateway));
  });
});
