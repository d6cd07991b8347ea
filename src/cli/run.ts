/** The command line: one command a file, loaded when it is asked for. */
import { Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { ERROR_CLASSES } from '../errors.ts';
import { nearest } from '../stdx/nearest.ts';
import type { AdminFlags } from './admin-client.ts';
import { declareEditing, GROUPS, onGateway, WHERE } from './declare-editing.ts';
import { type CommonFlags, fail, type Invocation } from './invocation.ts';

type Run = () => Promise<number>;

/** Resolves with the exit code; never rejects. */
export async function run(invocation: Invocation): Promise<number> {
  let chosen: Run = async () => 0;
  const program = describe(invocation, (command) => {
    chosen = command;
  });
  try {
    program.parse([...invocation.argv], { from: 'user' });
    return await chosen();
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(invocation, error);
    return error.exitCode === 0 ? 0 : ERROR_CLASSES.USAGE.exitCode;
  }
}

function describe(invocation: Invocation, choose: (run: Run) => void): Command {
  const program = new Command('tooldex')
    .description(
      'One MCP server in front of all your MCP servers: finds the tool, starts its server, passes the call through.',
    )
    .usage('<command> [options]')
    .version(version, '-V, --version')
    .exitOverride()
    .allowExcessArguments()
    .showSuggestionAfterError()
    .configureHelp({ groupItems: ownFirst })
    .configureOutput({
      writeOut: (text) => invocation.stdout.write(text),
      writeErr: (text) => invocation.stderr.write(text),
      outputError: (text, write) => write(text + hintFor(text, invocation.argv)),
    })
    .addHelpText('after', '\n"tooldex <command> --help" tells more. To begin: tooldex serve');
  program.commandsGroup('Serve:');
  addServing(program, invocation, choose);
  program.commandsGroup('Find and call tools:');
  addTrying(program, invocation, choose);
  declareEditing(program, invocation, { common, choose });
  addCatalog(program.commandsGroup(GROUPS.configuration), invocation, choose);
  addLogin(program.commandsGroup(GROUPS.servers), invocation, choose);
  addKeys(program.commandsGroup('Others:'), invocation, choose);
  addEval(program, invocation, choose);
  program.argument('[command]').action((command?: string) => {
    if (command === undefined) program.outputHelp();
    else program.error(unknownCommand(command, program));
  });
  return program;
}

function unknownCommand(command: string, program: Command): string {
  const known = program.commands.map((one) => one.name());
  const near = nearest(command, known, 1)[0];
  return `error: unknown command "${command}"${near ? `; did you mean "tooldex ${near}"?` : `; there are ${known.join(', ')}`}`;
}

function addServing(program: Command, invocation: Invocation, choose: (run: Run) => void): void {
  common(program.command('serve').description('serve MCP over HTTP at /mcp and /mcp/<server>'))
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on; 0 takes a free one', port)
    .action((flags: CommonFlags & { host?: string; port?: number }) =>
      choose(async () => (await import('./serve.ts')).serve(invocation, flags)),
    );
  common(program.command('stdio').description('serve MCP on standard input and output, for a client that launches it'))
    .option('--profile <name>', 'serve this virtual server instead of everything')
    .action((flags: CommonFlags & { profile?: string }) =>
      choose(async () => (await import('./stdio.ts')).stdio(invocation, flags)),
    );
}

function addCatalog(program: Command, invocation: Invocation, choose: (run: Run) => void): void {
  onGateway(
    common(
      program.command('check').description('check the configuration; show what it runs, and what it would change'),
    ),
  )
    .option('--host <address>', 'address that serve would listen on')
    .option('--port <number>', 'port that serve would listen on', port)
    .addOption(json())
    .action((flags: AdminFlags & { host?: string; port?: number }) =>
      choose(async () => (await import('./check.ts')).check(invocation, flags)),
    );
}

function addTrying(program: Command, invocation: Invocation, choose: (run: Run) => void): void {
  common(program.command('search').description('find tools for a task, as an agent would'))
    .argument('<task...>', 'what you want done, in your own words')
    .option('--server <name>', 'only this server')
    .option('--limit <number>', 'how many tools', number)
    .addOption(new Option('--detail <level>', 'how much of each').choices(['auto', 'names', 'signatures', 'schemas']))
    .option('--max-tokens <number>', 'how long the answer may be', number)
    .option('--explain', 'show the score of each tool and what it is made of')
    .addOption(json())
    .action((task: string[], flags) =>
      choose(async () => (await import('./search.ts')).search(invocation, task.join(' '), flags)),
    );
  common(program.command('call').description('call a tool; its server is started for it'))
    .argument('<tool>', 'server:tool, or a tool name that is unique')
    .argument('[arguments]', 'JSON object; - reads it from standard input', '{}')
    .addOption(json())
    .action((tool: string, given: string, flags: CommonFlags) =>
      choose(async () => (await import('./call.ts')).call(invocation, { tool, given }, flags)),
    );
}

function addKeys(program: Command, invocation: Invocation, choose: (run: Run) => void): void {
  const key = program.command('key').description('make, list and revoke API keys for those who come over HTTP');
  common(key.command('create').description('make a key and print it, once'))
    .argument('<name>', 'whose key it is; policies know it as key:<name>')
    .option('--group <names...>', 'groups that it belongs to')
    .option('--expires <duration>', 'how long it is in force, such as 90d; without it until it is revoked')
    .addOption(json())
    .action((name: string, flags) => choose(async () => (await import('./key.ts')).createKey(invocation, name, flags)));
  common(key.command('list').description('list the keys and their states; never the keys themselves'))
    .addOption(json())
    .action((flags) => choose(async () => (await import('./key.ts')).listKeys(invocation, flags)));
  common(key.command('revoke').description('refuse a key from the next request on'))
    .argument('<key>', 'its name or id')
    .addOption(json())
    .action((nameOrId: string, flags) =>
      choose(async () => (await import('./key.ts')).revokeKey(invocation, nameOrId, flags)),
    );
}

function addLogin(program: Command, invocation: Invocation, choose: (run: Run) => void): void {
  common(program.command('login').description('log in at a remote server that wants OAuth, in the browser'))
    .argument('<server>')
    .option('--no-browser', 'only print the address')
    .option('--scope <scopes>', 'ask for these rights too, with commas between')
    .action((server: string, flags: CommonFlags & { browser: boolean; scope?: string }) =>
      choose(async () => (await import('./login.ts')).login(invocation, server, flags)),
    );
  common(program.command('logout').description('forget the login at a remote server, and revoke it there'))
    .argument('<server>')
    .action((server: string, flags: CommonFlags) =>
      choose(async () => (await import('./login.ts')).logout(invocation, server, flags)),
    );
}

const EVERYWHERE = 'Of every command:';

/** What all commands take; a word too many would be a file or a name that nobody looks at. */
function common(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .optionsGroup(EVERYWHERE)
    .option('--config <file>', 'configuration file; "tooldex check" says which it is without')
    .option('--data-dir <folder>', 'where the catalog and installed servers are kept')
    .option(
      '-v, --verbose',
      'log what is going on to standard error; given twice, also what servers say there',
      (_, times: number | undefined) => (times ?? 0) + 1,
    )
    .optionsGroup('Options:');
}

/** As commander groups, but what many commands have in common stands last. */
function ownFirst<Item extends Command | Option>(all: Item[], visible: Item[], groupOf: (item: Item) => string) {
  const groups = Help.prototype.groupItems(all, visible, groupOf);
  for (const heading of [WHERE, EVERYWHERE]) {
    const common = groups.get(heading);
    if (common && groups.delete(heading)) groups.set(heading, common);
  }
  return groups;
}

function hintFor(message: string, argv: readonly string[]): string {
  const isFile = argv.some((word) => /\.(ya?ml|json)$/.test(word));
  return message.includes('too many arguments') && isFile ? 'hint: name a configuration file with --config\n' : '';
}

function addEval(program: Command, invocation: Invocation, choose: (run: Run) => void): void {
  common(
    program.command('eval').description('measure how well tools are found, on your own catalog or on judged queries'),
  )
    .option('--corpus <file>', 'tools, one JSON object a line; without it your own catalog is measured')
    .option('--queries <file>', 'judged queries, one JSON object a line')
    .option('--noanswer <file>', 'queries that no tool answers')
    .option('--top <number>', 'how many tools of each answer to keep', number)
    .option(
      '--embedder <kinds...>',
      'engines to compare, the first with the others: words, static, builtin, transformers, openai',
    )
    .addOption(new Option('--store <kind>', 'where the vectors are kept').choices(['embedded', 'chroma']))
    .addOption(json())
    .action((flags) => choose(async () => (await import('./eval.ts')).evaluate(invocation, flags)));
}

const json = () => new Option('--json', 'print JSON');

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function port(text: string): number {
  const value = number(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be at most 65535.');
  return value;
}
