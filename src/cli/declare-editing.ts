/** The commands of admins: those that act on a running gateway or on the files, those for MCP clients, and those that approve. */
import { Argument, type Command, Option } from 'commander';
import { CLIENTS, type ClientName } from '../config/client-files.ts';
import type { AdminFlags } from './admin-client.ts';
import type { Invocation } from './invocation.ts';

/** What the list of commands is divided into. */
export const GROUPS = { servers: 'Servers:', configuration: 'Configuration:', approval: 'Approval:' } as const;

/** Adds the commands; `common` adds the flags of all commands, and `choose` takes what is to be run. */
export function declareEditing(program: Command, invocation: Invocation, { common, choose }: Declaring): void {
  const admin = (command: Command) => onGateway(common(command));
  program.commandsGroup(GROUPS.servers);
  admin(program.command('add').description('add a server to the configuration file; comments stay'))
    .argument('<name>', 'what the server will be called, or its name in the catalog')
    .argument('[args...]', 'arguments of the command or image, after --')
    .option('--command <program>', 'program to run; words after the first are arguments')
    .option('--image <name>', 'container image to run')
    .option('--url <address>', 'address of a server that runs elsewhere')
    .option('--from <file>', 'server.json of the MCP Registry, or the name of a server of the catalog')
    .addOption(new Option('--as <kind>', 'which way of a server.json').choices(['npm', 'pypi', 'oci', 'remote']))
    .option('--set <name=value...>', 'value for an argument or variable of a server.json')
    .option('--env <name=value...>', 'environment variable; a secret becomes a reference')
    .option('--header <name=value...>', 'HTTP header; a secret becomes a reference')
    .option('--description <text>', 'what the server is good for')
    .option('--workspace <folder>', 'its own folder under workspace_root')
    .option('--network <name>', 'network of the container')
    .addOption(new Option('--mode <mode>', 'how long it runs').choices(['daemon', 'launcher']))
    .option('--disabled', 'add it disabled')
    .option('--dry-run', 'only say what would be added')
    .option('--json', 'print JSON')
    .action((name: string, args: string[], flags) =>
      choose(async () => (await import('./add.ts')).add(invocation, { name, args }, flags)),
    );
  const words = { remove: 'take a server out of', enable: 'switch a server on in', disable: 'switch a server off in' };
  for (const action of ['remove', 'enable', 'disable'] as const) {
    admin(program.command(action).description(`${words[action]} the configuration file`))
      .argument('<server>')
      .option('--json', 'print JSON')
      .action((server: string, flags: AdminFlags) =>
        choose(async () => (await import('./switch-server.ts')).switchServer(invocation, { action, server }, flags)),
      );
  }
  declareServers(program, invocation, { common: admin, choose });
  declareUpgrade(program, invocation, { common, choose });
  declareConfiguration(program.commandsGroup(GROUPS.configuration), invocation, { common, choose });
  declareChanges(program.commandsGroup(GROUPS.approval), invocation, { common: admin, choose });
}

export const WHERE = 'Where it acts:';

/** Without any of these, wherever the configuration is in use. */
export function onGateway(command: Command): Command {
  return command
    .optionsGroup(WHERE)
    .option('--gateway <url>', 'on the gateway there; without it, on the one that runs for this configuration')
    .option('--no-gateway', 'on the files, whether a gateway runs or not')
    .option('--key <key>', 'key of an admin for the gateway; better in TOOLDEX_KEY')
    .optionsGroup('Options:');
}

interface Declaring {
  readonly common: (command: Command) => Command;
  readonly choose: (run: () => Promise<number>) => void;
}

function declareServers(program: Command, invocation: Invocation, { common, choose }: Declaring): void {
  common(program.command('index').description('install, start and list servers anew, so that their tools can be found'))
    .argument('[server...]', 'only these; all without')
    .option('--json', 'print JSON')
    .action((servers: string[], flags: AdminFlags) =>
      choose(async () => (await import('./index-servers.ts')).indexServers(invocation, servers, flags)),
    );
  common(program.command('list').description('list the servers, or the tools of one'))
    .argument('[server]', 'whose tools; all servers without')
    .option('--json', 'print JSON')
    .action((server: string | undefined, flags: AdminFlags) =>
      choose(async () => (await import('./list.ts')).list(invocation, server, flags)),
    );
  common(
    program.command('restart').description('stop a server of the running gateway after its calls; the next starts it'),
  )
    .argument('<server>')
    .option('--json', 'print JSON')
    .action((server: string, flags: AdminFlags) =>
      choose(async () => (await import('./restart.ts')).restart(invocation, server, flags)),
    );
}

function declareConfiguration(program: Command, invocation: Invocation, { common, choose }: Declaring): void {
  onGateway(common(program.command('reload').description('let the running gateway read its configuration file now')))
    .option('--json', 'print JSON')
    .action((flags: AdminFlags) => choose(async () => (await import('./reload.ts')).reload(invocation, flags)));
  const client = (flags: string, description: string) => new Option(flags, description).choices([...CLIENTS]);
  common(program.command('import').description('show which servers of an MCP client would be added, and add them'))
    .addOption(client('--from <client>', 'whose servers').makeOptionMandatory())
    .option('--file <file>', 'its file; without it, the one of your own settings')
    .option('--write', 'add them; without it, this is a preview')
    .option('--json', 'print JSON')
    .action((flags) => choose(async () => (await import('./import.ts')).importServers(invocation, flags)));
  common(program.command('connect').description('write Tooldex into the file of an MCP client, with a backup'))
    .addArgument(new Argument('<client>', 'which client').choices([...CLIENTS]))
    .argument('[args...]', 'further arguments of "tooldex stdio", after --')
    .option('--url <address>', 'reach a running gateway there, instead of starting one')
    .option('--file <file>', 'its file; without it, the one of your own settings')
    .option('--undo', 'take Tooldex out again')
    .option('--json', 'print JSON')
    .action((name: ClientName, args: string[], flags) =>
      choose(async () => (await import('./connect.ts')).connect(invocation, { client: name, args }, flags)),
    );
}

function declareUpgrade(program: Command, invocation: Invocation, { common, choose }: Declaring): void {
  common(program.command('upgrade').description('show what newer versions of packages change in their tools'))
    .argument('[server...]', 'only these; all that run a package without')
    .option('--write', 'upgrade; without it, this is a preview')
    .option('--json', 'print JSON')
    .action((servers: string[], flags) =>
      choose(async () => (await import('./upgrade.ts')).upgrade(invocation, servers, flags)),
    );
}

function declareChanges(program: Command, invocation: Invocation, { common, choose }: Declaring): void {
  common(program.command('changes').description('show what servers changed in their tools and nobody approved yet'))
    .argument('[server]', 'only those of this one')
    .option('--json', 'print JSON')
    .action((server: string | undefined, flags: AdminFlags) =>
      choose(async () => (await import('./changes.ts')).changes(invocation, server, flags)),
    );
  common(
    program.command('approve').description('let a server in that an agent asked for, or new and changed tools of one'),
  )
    .argument('<server>')
    .argument('[tool]', 'only this one')
    .option('--id <id>', 'the request that you looked at, as "tooldex pending" shows it')
    .option('--json', 'print JSON')
    .action((server: string, tool: string | undefined, flags: AdminFlags) =>
      choose(async () => (await import('./changes.ts')).approve(invocation, { server, tool }, flags)),
    );
  common(program.command('pending').description('show which servers agents asked for and nobody approved yet'))
    .option('--json', 'print JSON')
    .action((flags: AdminFlags) => choose(async () => (await import('./pending.ts')).pending(invocation, flags)));
  common(
    program.command('reject').description('turn down a server that an agent asked for, or take out one it brought'),
  )
    .argument('<server>')
    .option('--reason <text>', 'what those who asked are told')
    .option('--json', 'print JSON')
    .action((server: string, flags: AdminFlags & { reason?: string }) =>
      choose(async () => (await import('./pending.ts')).reject(invocation, server, flags)),
    );
}
