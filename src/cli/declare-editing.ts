/** The commands that edit files: the configuration, and those of MCP clients. */
import { type Command, Option } from 'commander';
import type { CommonFlags, Invocation } from './invocation.ts';

/** Adds the commands; `common` adds the flags of all commands, and `choose` takes what is to be run. */
export function declareEditing(
  program: Command,
  invocation: Invocation,
  { common, choose }: { common: (command: Command) => Command; choose: (run: () => Promise<number>) => void },
): void {
  common(program.command('add').description('add a server to the configuration file; comments stay'))
    .argument('<name>', 'what the server will be called')
    .argument('[args...]', 'arguments of the command or image, after --')
    .option('--command <program>', 'program to run; words after the first are arguments')
    .option('--image <name>', 'container image to run')
    .option('--url <address>', 'address of a server that runs elsewhere')
    .option('--from <file>', 'server.json of the MCP Registry')
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
    common(program.command(action).description(`${words[action]} the configuration file`))
      .argument('<server>')
      .option('--json', 'print JSON')
      .action((server: string, flags: CommonFlags) =>
        choose(async () => (await import('./switch-server.ts')).switchServer(invocation, { action, server }, flags)),
      );
  }
}
