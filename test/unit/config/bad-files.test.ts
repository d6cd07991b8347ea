/** Whoever writes a wrong file is told what, where and what to write instead, everything at once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { explain, GatewayError } from '../../../src/errors.ts';
import { problems, temporaryFolder, writeConfig } from './config-files.ts';

const bomb = () => {
  const level = (n: number) =>
    `a${n}: &a${n} [${Array(9)
      .fill(`*a${n - 1}`)
      .join(', ')}]`;
  return ['a0: &a0 [x]', ...Array.from({ length: 9 }, (_, n) => level(n + 1))].join('\n');
};

describe('#63 what is not YAML', () => {
  test.each([
    ['an empty file', '', '1:1: the file is empty — begin with "servers:"'],
    ['only comments', '# soon\n', '1:1: the file is empty — begin with "servers:"'],
    ['a list', '- a\n', '1:1: a block of keys is expected, not a list'],
    ['a word', 'servers', '1:1: a block of keys is expected, not text'],
    ['a duplicate key', 'servers: {}\nservers: {}\n', '2:1: duplicate key "servers" — it stands above already'],
    [
      'a duplicate server',
      'servers:\n  a: {command: x}\n  b: {command: x}\n  "a": {command: y}\n',
      '4:3: duplicate key "a" — it stands above already',
    ],
    ['a tab', 'servers:\n\ta: {command: x}\n', '2:1: a tab cannot indent — use spaces'],
    ['two documents', 'servers: {}\n---\nservers: {}\n', '2:1: a second document begins — everything belongs in one'],
    ['a tag', 'data_dir: !path x\n', '1:11: unknown tag !path — write the value without it'],
    ['an alias of nothing', 'data_dir: *home\n', '1:11: alias *home names no anchor above it'],
    ['an alias in itself', 'servers: &s {a: *s}\n', '1:17: alias *s stands inside of what it names'],
    ['an anchors bomb', bomb(), '1:1: aliases expand to too much — at most 100 are followed'],
  ])('%s', async (_, text, expected) => {
    expect(await problems(text)).toEqual([`tooldex.yaml:${expected}`]);
  });

  test('half-written: the end is missing', async () => {
    expect((await problems('servers:\n  a:\n    args: ["-y", "x'))[0]).toMatch(
      /^tooldex\.yaml:3:\d+: the syntax is wrong: missing closing "quote$/,
    );
    expect((await problems('servers:\n  a: {command: npx, args: [-y'))[0]).toMatch(
      /^tooldex\.yaml:2:\d+: the syntax is wrong: /,
    );
  });

  test.each([
    ['in brackets', `servers: ${'['.repeat(100_000)}`, '1:110'],
    ['in a line', `servers:\n  ${'- '.repeat(100_000)}x`, '2:1'],
    ['in keys without words', `servers:\n  ${'? '.repeat(100_000)}x`, '2:1'],
    ['by indentation', Array.from({ length: 1500 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'), '401:1'],
  ])('nested thousands deep %s: refused, not crashed', async (_, text, place) => {
    expect(await problems(text)).toEqual([`tooldex.yaml:${place}: this is nested too deeply`]);
  });

  test('not UTF-8', async () => {
    const file = join(temporaryFolder(), 'latin.yaml');
    writeFileSync(file, Buffer.from('servers: {}\n# caf\xe9\n', 'latin1'));
    await expect(loadConfig({ file, env: {} })).rejects.toThrow(
      'latin.yaml:2:6: the file is not UTF-8 here — save it as UTF-8',
    );
  });

  test('a byte order mark is no problem and moves nothing', async () => {
    expect(await problems('\uFEFFservres: {}\n')).toEqual([
      'tooldex.yaml:1:1: unknown key "servres" — did you mean "servers"?',
    ]);
  });

  test('no file, a folder, far too much', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'd'));
    writeFileSync(join(folder, 'big.yaml'), '#'.repeat(5 * 1024 * 1024));
    const said = (name: string) => loadConfig({ file: join(folder, name), env: {} }).catch(explain);
    expect(await said('none.yaml')).toMatch(
      /^cannot read the configuration .*none\.yaml: there is no such file\nhint: name a file with --config$/,
    );
    expect(await said('d')).toContain('d: it is a folder');
    expect(await said('big.yaml')).toContain('big.yaml: it is larger than 4MiB');
  });
});

describe('#63 wrong keys', () => {
  test.each([
    ['misspelt at the top', 'servres: {}\n', '1:1: unknown key "servres" — did you mean "servers"?'],
    [
      'misspelt in a server',
      'servers:\n  a:\n    comand: npx\n',
      '3:5: unknown key "comand" — did you mean "command"?',
    ],
    [
      'other case',
      'servers:\n  a: {command: x, idleTimeout: 5s}\n',
      '2:19: unknown key "idleTimeout" — did you mean "idle_timeout"?',
    ],
    [
      'in the wrong block',
      'servers:\n  a: {command: x, timeout: 5s}\n',
      '2:19: unknown key "timeout" — it belongs in "limits"',
    ],
    ['for every server', 'idle_timeout: 5s\n', '1:1: unknown key "idle_timeout" — it belongs in "defaults"'],
    [
      'as others say it',
      'servers:\n  a: {command: x, environment: {}}\n',
      '2:19: unknown key "environment" — did you mean "env"?',
    ],
    [
      'like nothing',
      'listen: {zzzzzz: 1}\n',
      '1:10: unknown key "zzzzzz" — there are host, port, public_url, allowed_hosts, allowed_origins, trusted_proxies, body_size, request_timeout, session_timeout',
    ],
    [
      'inert: of another embedder',
      'search: {embedder: {kind: static, encoder_max_tools: 5}}\n',
      '1:35: unknown key "encoder_max_tools" — there are kind',
    ],
    ['of an object', 'servers:\n  a: {command: x, constructor: {}}\n', '2:19: unknown key "constructor"'],
    ['merge keys are not YAML 1.2', 'servers: {}\n<<: {}\n', '2:1: unknown key "<<"'],
    [
      'inert: of another runtime',
      'servers:\n  a:\n    command: x\n    network: none\n',
      '4:5: inert key "network" — it does nothing with runtime native',
    ],
    [
      'inert: remote',
      'servers:\n  a: {url: "https://x.test/mcp", args: []}\n',
      '2:34: inert key "args" — it does nothing with runtime remote',
    ],
    [
      'inert: mode',
      'servers:\n  a: {command: x, mode: launcher, idle_timeout: 5s}\n',
      '2:35: inert key "idle_timeout" — a launcher is never idle, only "mode: daemon" is',
    ],
    [
      'inert: mode by default',
      'defaults: {mode: launcher}\nservers:\n  a: {command: x, idle_timeout: 5s}\n',
      '3:19: inert key "idle_timeout" — a launcher is never idle, only "mode: daemon" is',
    ],
    [
      'inert: pool of a launcher',
      'servers:\n  a: {command: x, mode: launcher, pool: {max: 2}}\n',
      '2:35: inert key "pool" — a launcher starts an instance for each call, only "mode: daemon" keeps some',
    ],
    [
      'inert: spares for sessions that nobody has begun',
      'servers:\n  a: {command: x, scope: session, pool: {min: 1}}\n',
      '2:35: inert key "pool.min" — with "scope: session" nobody is there to keep an instance for',
    ],
    [
      'pool: min over max',
      'servers:\n  a: {command: x, pool: {min: 3, max: 2}}\n',
      '2:19: "pool": min 3 is more than max 2',
    ],
    [
      'two spellings',
      'servers:\n  a: {command: x, cmd: y}\n',
      '2:19: "cmd" means the same as "command" — write one of them',
    ],
    [
      'two truths',
      'servers:\n  a: {command: x, enabled: true, disabled: true}\n',
      '2:34: "disabled" means the same as "enabled" — write one of them',
    ],
    ['two runtimes', 'servers:\n  a: {command: x, image: y}\n', '2:19: "image" and "command" exclude each other'],
    [
      'no runtime',
      'servers:\n  a: {description: x}\n',
      '2:3: missing key "command", "image" or "url" — one of them says what to run',
    ],
    [
      'another runtime',
      'servers:\n  a: {runtime: container, command: x}\n',
      '2:7: runtime "container" needs the key "image"',
    ],
    ['another type', 'servers:\n  a: {command: x, type: sse}\n', '2:19: type "sse" does not go with runtime native'],
    ['client keys in YAML', 'servers:\n  a: {command: x, autoApprove: []}\n', '2:19: unknown key "autoApprove"'],
    [
      'a name twice',
      'servers:\n  a: {command: x}\ntools:\n  a: {command: x}\n',
      '4:3: server "a" stands in "servers" already',
    ],
    [
      'a name with a colon',
      'servers:\n  "a:b": {command: x}\n',
      '2:3: "a:b": a server name has letters, digits, "-", "_" and ".", starts with a letter or digit, and is at most 64 long',
    ],
    [
      'a name of dots',
      'servers:\n  "..": {command: x}\n',
      '2:3: "..": a server name has letters, digits, "-", "_" and ".", starts with a letter or digit, and is at most 64 long',
    ],
    ['the name of a prototype', 'servers:\n  __proto__: {command: x}\n', '2:3: no key can be called __proto__'],
    [
      'the reserved name',
      'servers:\n  tooldex: {command: x}\n',
      '2:3: "tooldex": "tooldex" is the name of the built-in server — choose another',
    ],
    [
      'a key without mount target',
      'servers:\n  a:\n    image: x\n    mounts:\n      - source: /srv\n',
      '5:9: missing key "target"',
    ],
  ])('%s', async (_, text, expected) => {
    expect(await problems(text)).toEqual([`tooldex.yaml:${expected}`]);
  });
});

describe('#63 wrong values', () => {
  const server = (line: string, main = 'command: x') => `servers:\n  a:\n    ${main}\n    ${line}\n`;
  const inContainer = (line: string) => server(line, 'image: x');
  test.each([
    [
      'a duration without a unit',
      server('idle_timeout: 30'),
      '4:19: "idle_timeout": "30" is not a duration — it needs a unit: "30s" or "30ms"',
    ],
    [
      'the same in quotes',
      server('idle_timeout: "30"'),
      '4:19: "idle_timeout": "30" is not a duration — it needs a unit: "30s" or "30ms"',
    ],
    [
      'a duration in words',
      server('start_timeout: 5 minutes'),
      '4:20: "start_timeout": "5 minutes" is not a duration — write it like "500ms", "30s", "5m" or "1h30m"',
    ],
    [
      'a duration of nothing',
      server('idle_timeout: 0s'),
      '4:19: "idle_timeout": "0s" is no time at all — write at least "1ms"',
    ],
    [
      'a duration beyond timers',
      server('idle_timeout: 365d'),
      '4:19: "idle_timeout": "365d" is too long — write at most "24d"',
    ],
    [
      'a size without a unit',
      server('limits: {result_size: 1000}'),
      '4:27: "result_size": "1000" is not a size — it needs a unit: "1000MiB" or "1000B"',
    ],
    [
      'a size as Docker writes it',
      inContainer('memory: 512m'),
      '4:13: "memory": "512m" is not a size — write "512MiB"',
    ],
    [
      'text for a number',
      'listen: {port: "8080"}',
      '1:16: "port": a number is expected, not text — write it without quotes',
    ],
    [
      'fewer than no tools',
      'search: {embedder: {kind: builtin, encoder_max_tools: -1}}',
      '1:55: "encoder_max_tools": -1 is less than 0',
    ],
    ['half a port', 'listen: {port: 80.5}', '1:16: "port": a whole number is expected, not a number'],
    ['a port beyond', 'listen: {port: 70000}', '1:16: "port": 70000 is more than 65535'],
    ['nothing at once', server('limits: {concurrency: 0}'), '4:27: "concurrency": 0 is less than 1'],
    ['text for a list', server('args: -y'), '4:11: "args": a list is expected — write it like ["one", "two"]'],
    [
      'a number in a list',
      server('args: ["-p", 80]'),
      '4:18: "args": text is expected, not a number — put it in quotes',
    ],
    [
      'a number in the environment, not printed',
      server('env: {PIN: 4711}'),
      '4:16: "PIN": text is expected, not a number — put it in quotes',
    ],
    [
      'text for truth',
      server('enabled: "false"'),
      '4:14: "enabled": true or false is expected, not text — write it without quotes',
    ],
    ['YAML 1.1 truth', server('enabled: no'), '4:14: "enabled": true or false is expected, not text'],
    [
      'nothing',
      server('description:'),
      '4:17: "description": there is no value, text is expected — give one or remove the key',
    ],
    [
      'a word of three',
      server('mode: deamon'),
      '4:11: "mode": "deamon" is none of daemon, launcher — did you mean "daemon"?',
    ],
    [
      'a variable name',
      server('env: {"A B": x}'),
      '4:11: "A B": an environment variable has letters, digits and "_", no digit first',
    ],
    [
      '#53 a variable name with a line break',
      server('env: {"A\\nB": x}'),
      '4:11: "A\nB": an environment variable has letters, digits and "_", no digit first',
    ],
    [
      'a command with blanks',
      'servers: {a: {command: npx -y x}}',
      '1:24: "command": a program has no blanks in its name — put what follows it in "args"',
    ],
    [
      'a workspace above',
      server('workspace: ../up'),
      '4:16: "workspace": "../up" is not a folder under workspace_root — write a name',
    ],
    [
      'a workspace elsewhere',
      server('workspace: /etc'),
      '4:16: "workspace": "/etc" is not a folder under workspace_root — write a name',
    ],
    [
      '#53 an option for an image',
      'servers: {a: {image: --privileged}}',
      '1:22: "image": this is not the name of an image — write it like "mcp/fetch:1.0"',
    ],
    [
      '#53 an option for a user',
      inContainer('user: "--root"'),
      '4:11: "user": a user is written "1000", "1000:1000" or "name"',
    ],
    [
      '#53 the network of the machine',
      inContainer('network: host'),
      '4:14: "network": it would give the container this machine\'s network, services that listen on loopback included; "bridge" is the Internet — allow_dangerous: [host_network] allows it',
    ],
    [
      '#53 the network of another container',
      inContainer('network: "container:x"'),
      '4:14: "network": this is not the name of a network — write "none", "bridge" or a name',
    ],
    [
      '#53 the engine',
      inContainer('mounts: [{source: /srv/docker.sock, target: /s}]'),
      '4:23: "source": /srv/docker.sock would hand over the container engine — allow_dangerous: [engine_socket] allows it',
    ],
    [
      '#53 the machine',
      inContainer('mounts: [{source: /, target: /s}]'),
      '4:23: "source": / would hand over this machine — allow_dangerous: [host_paths] allows it',
    ],
    [
      '#53 its sockets',
      inContainer('mounts: [{source: /var/../run/x, target: /s}]'),
      '4:23: "source": /run/x would hand over this machine — allow_dangerous: [host_paths] allows it',
    ],
    [
      '#53 a folder outside of the workspaces',
      `workspace_root: /ws\n${inContainer('mounts: [{source: /ws/../srv, target: /s}]')}`,
      '5:23: "source": /srv is outside of workspace_root (/ws) — allow_dangerous: [host_paths] allows it',
    ],
    [
      '#53 all rights on the machine',
      inContainer('privileged: true'),
      '4:17: "privileged": it would give the container all rights on this machine — allow_dangerous: [privileged] allows it',
    ],
    [
      '#53 an option for an OCI runtime',
      inContainer('runtime_class: "--x"'),
      '4:20: "runtime_class": this is not the name of an OCI runtime — write it like "runsc"',
    ],
    [
      'a limit for processes of a container',
      inContainer('limits: {files: 9}'),
      '4:5: inert key "limits.files" — it does nothing with runtime container — a container has "memory", "cpus" and "pids" beside "limits"',
    ],
    [
      'paths without a workspace',
      server('paths: [a]'),
      '4:5: inert key "paths" — without "workspace" there is no folder to stay in',
    ],
    [
      '#53 a source with a colon',
      inContainer('mounts: [{source: "/a:/b", target: /s}]'),
      '4:23: "source": container engines cannot mount a path with "," or ":" in it',
    ],
    [
      '#53 a target with a comma',
      inContainer('mounts: [{source: /a, target: "/s,ro"}]'),
      '4:35: "target": must be an absolute path in the container, without "," and ":"',
    ],
    [
      'a mount as Docker writes it',
      inContainer('mounts: ["./a:/a:ro"]'),
      '4:14: "mounts": write it like {source: ./data, target: /data}',
    ],
    [
      'not a URL',
      'servers: {a: {url: example.com}}',
      '1:20: "url": this is not a URL — write it like "https://mcp.example.com/mcp"',
    ],
    [
      'another protocol',
      'servers: {a: {url: "ftp://x.test"}}',
      '1:20: "url": ftp:// is not supported — write an http or https URL',
    ],
    [
      'credentials in a URL',
      'servers: {a: {url: "https://u:p@x.test"}}',
      '1:20: "url": credentials do not belong in a URL — write headers: {Authorization: "..."}',
    ],
    [
      'a header name',
      'servers: {a: {url: "https://x.test", headers: {"A:": x}}}',
      '1:48: "A:": this is not the name of an HTTP header',
    ],
    [
      'a header with a line break',
      'servers: {a: {url: "https://x.test", headers: {A: "x\\ny"}}}',
      '1:51: "A": a header cannot hold line breaks or other control characters',
    ],
  ])('%s', async (_, text, expected) => {
    expect(`${(await problems(text, { env: { HOME: '/home/u' } })).join('\n')}`).toBe(`tooldex.yaml:${expected}`);
  });
});

test('everything that is wrong is told at once, in the order of the file', async () => {
  const text = [
    'listn: {}',
    'data_dir: ${env:NOWHERE}/x',
    'servers:',
    '  one: {comand: x, env: {T: "${env:TOKEN}"}}',
    '  two: {command: a, image: b}',
    '  three: {url: nowhere}',
    '  four: {image: x, mounts: [{source: /proc, target: t}]}',
    '  five: {image: x, mounts: [{source: /proc, target: /t}], idle_timeout: 3}',
  ];
  expect(await problems(text.join('\n'))).toEqual([
    'tooldex.yaml:1:1: unknown key "listn" — did you mean "listen"?',
    'tooldex.yaml:2:11: "data_dir": environment variable NOWHERE is not set',
    'tooldex.yaml:4:9: unknown key "comand" — did you mean "command"?',
    'tooldex.yaml:4:29: "T": environment variable TOKEN is not set',
    'tooldex.yaml:5:21: "image" and "command" exclude each other',
    'tooldex.yaml:6:16: "url": this is not a URL — write it like "https://mcp.example.com/mcp"',
    'tooldex.yaml:7:53: "target": must be an absolute path in the container, without "," and ":"',
    'tooldex.yaml:8:38: "source": /proc would hand over this machine — allow_dangerous: [host_paths] allows it',
    'tooldex.yaml:8:73: "idle_timeout": "3" is not a duration — it needs a unit: "3s" or "3ms"',
  ]);
});

test('hundreds of problems are told as fifty and a number', async () => {
  const lines = await problems(`servers:\n${Array.from({ length: 120 }, (_, n) => `  s${n}: {comand: x}`).join('\n')}`);
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe('and 70 more problems');
});

test('problems behind an alias are located where they were written', async () => {
  const text = 'servers:\n  a: {command: x, env: &e {A: 1}}\n  b: {command: x, env: *e}\n';
  expect(await problems(text)).toContain('tooldex.yaml:2:31: "A": text is expected, not a number — put it in quotes');
});

test('the error has places for machines and a hint for people', async () => {
  const file = writeConfig('servers:\n  a: {comand: x}\n');
  const error = await loadConfig({ file, env: {} }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GatewayError);
  const { data, hint } = error as GatewayError;
  expect(data).toEqual({
    file,
    problems: [{ line: 2, column: 7, message: 'unknown key "comand" — did you mean "command"?' }],
  });
  expect(hint).toBe(`mend ${file}, then run "tooldex check"; every key is explained in docs/CONFIGURATION.md`);
});

describe('#63 what references bring', () => {
  test.each([
    ['listen: {public_url: "${env:X}"}\n', 'https://x.test/tools', '1:22: '],
    ['listen: {public_url: "${env:X}"}\n', 'ftp://x.test', '1:22: '],
    ['auth: {jwt: [{issuer: "${env:X}", audience: a}]}\n', 'http://x.test', '1:23: '],
    ['auth: {jwt: [{issuer: "https://x.test", jwks_url: "${env:X}", audience: a}]}\n', 'file:///x', '1:51: '],
    ['auth: {cloudflare_access: {team_domain: "${env:X}", audience: a}}\n', 'x.test/y', '1:41: '],
    ['auth: {jwt: [{issuer: "https://x.test", audience: "${env:X}"}]}\n', '', '1:51: '],
    ['auth: {jwt: [{issuer: "https://x.test", audience: [a, "${env:X}"]}]}\n', '', '1:55: '],
    ['catalog: {sources: ["${env:X}"]}\n', 'http://x.test', '1:21: '],
    ['catalog: {sources: [{url: "${env:X}"}]}\n', '/a/path', '1:27: '],
  ])('is held against the same rule as what is written: %s with "%s"', async (text, X, place) => {
    expect(await problems(text, { env: { X } })).toEqual([
      expect.stringMatching(`^tooldex\\.yaml:${place}.* — write `),
    ]);
    expect(await problems(text)).toEqual([expect.stringMatching(/: environment variable X is not set$/)]);
  });

  test('a public URL below a path is told to leave that out', async () => {
    expect(await problems('listen: {public_url: "https://x.test/tools"}\n')).toEqual([
      'tooldex.yaml:1:22: "public_url": write the origin alone, without a path, such as "https://tools.example.com"',
    ]);
  });

  test.each(['10.0.0.0/33', '10.0.0/8', '::1/129', '999.1.1.1'])('%s is no network', async (network) => {
    expect(await problems(`listen: {trusted_proxies: ["${network}"]}\n`)).toEqual([
      'tooldex.yaml:1:28: "trusted_proxies": write an address or a network, such as "127.0.0.1" or "172.16.0.0/12"',
    ]);
  });
});
