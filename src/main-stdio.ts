/** Process entry of `tooldex stdio`: greets the client from the menu, then lets the whole program take over the pipe. */

import { join } from 'node:path';
import { Readable } from 'node:stream';
import { version } from '../package.json';
import { loadConfigCached } from './config/load-config.ts';
import { locateConfig } from './config/locate-config.ts';
import { WITHIN_VARIABLE } from './config/nesting.ts';
import { matchesGlob } from './config/tool-filter.ts';
import { Greeter } from './meta-tools/greeter.ts';
import { identityOf } from './meta-tools/identity.ts';
import { buildMenu, type Menu, withPurpose } from './meta-tools/menu.ts';
import type { Json } from './stdx/json.ts';

export interface Program {
  /** With what the client has said so far, and the id of its `initialize`, if that was answered. */
  start(taken?: { readonly stdin: Readable; readonly answeredId: Json | undefined }): void;
}

/** A client that has not asked for the menu by now may never do. */
const GREETING_MS = 1_000;

/** `loadProgram` costs most of a start, so it is called as late as possible. */
export async function start(loadProgram: () => Program): Promise<void> {
  const menu = await readMenu().catch(() => undefined);
  if (menu) greetUntilNeeded(new Greeter(menu, identityOf(version)), loadProgram);
  else loadProgram().start();
}

/** Undefined for anything out of the ordinary: the whole program knows what to say about it. */
async function readMenu(): Promise<Menu | undefined> {
  const flags = readFlags(process.argv.slice(3));
  if (!flags) return undefined;
  const { env } = process;
  // Within another gateway this one may be the same, and must not be heard as if it worked.
  if (env[WITHIN_VARIABLE]) return undefined;
  const cwd = process.cwd();
  const located = locateConfig({ config: flags.config, cwd, env, packageRoot: join(__dirname, '..') });
  const overrides = { dataDir: flags.dataDir };
  const config = await loadConfigCached({ ...located, env, overrides, productVersion: version, onlyRegular: true });
  const profile = flags.profile === undefined ? EVERYTHING : config.profiles.get(flags.profile);
  // What a direct one lists, only the catalog knows.
  if (profile?.exposure !== 'discovery') return undefined;
  const isIn = (name: string) => profile.servers.some((pattern) => matchesGlob(name, pattern));
  const shown = [...config.servers.values()].filter((server) => server.enabled && isIn(server.name));
  return withPurpose(
    buildMenu(shown.map(({ name, description = '' }) => ({ name, description }))),
    profile.description,
  );
}

const EVERYTHING = { servers: ['*'], exposure: 'discovery', description: '' } as const;

interface Flags {
  config?: string;
  dataDir?: string;
  profile?: string;
}

function readFlags(args: readonly string[]): Flags | undefined {
  const flags: Flags = {};
  for (let at = 0; at < args.length; at++) {
    const [name, ...inline] = (args[at] ?? '').split('=');
    const value = inline.length > 0 ? inline.join('=') : args[++at];
    if (value === undefined) return undefined;
    if (name === '--config') flags.config = value;
    else if (name === '--data-dir') flags.dataDir = value;
    else if (name === '--profile') flags.profile = value;
    else return undefined;
  }
  return flags;
}

function greetUntilNeeded(greeter: Greeter, loadProgram: () => Program): void {
  const { stdin, stdout } = process;
  let unread = Buffer.alloc(0);
  const stopGreeting = () => {
    clearTimeout(timer);
    stdin.off('data', onData).off('end', stopGreeting).pause();
  };
  const handOver = () => {
    stopGreeting();
    const said = Buffer.concat([...greeter.opening.map((line) => Buffer.from(`${line}\n`)), unread]);
    loadProgram().start({ stdin: withFirst(stdin, said), answeredId: greeter.answeredId });
  };
  const onData = (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (let end = unread.indexOf(10); end >= 0; end = unread.indexOf(10)) {
      const greeting = greeter.greet(unread.toString('utf8', 0, end));
      if (greeting.kind === 'pass') return handOver();
      unread = unread.subarray(end + 1);
      if (greeting.reply) stdout.write(`${JSON.stringify(greeting.reply)}\n`);
      if (greeting.hasMenu) {
        stopGreeting();
        return void setImmediate(handOver);
      }
    }
  };
  const timer = setTimeout(handOver, GREETING_MS);
  stdin.on('data', onData).on('end', stopGreeting);
}

/** The stream itself, as if nothing had been read of it. */
function withFirst(stream: Readable, bytes: Buffer): Readable {
  if (stream.readableEnded) return Readable.from([bytes]);
  stream.unshift(bytes);
  return stream;
}
