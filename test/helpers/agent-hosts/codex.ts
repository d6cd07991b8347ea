/** Codex, run once with `exec`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentHost, GATEWAY, type HostSetup, PLACEHOLDER_KEY } from './agent-host.ts';

export const codex: AgentHost = {
  name: 'codex',
  package: '@openai/codex',
  version: '0.169.0',
  launch: (installed, setup) => {
    const folder = join(setup.home, '.codex');
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.toml'), toml(setup));
    const start = join(installed, 'node_modules/@openai/codex/bin/codex.js');
    const unasked = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
    return {
      command: process.execPath,
      args: [start, 'exec', ...unasked, setup.prompt],
      env: { CODEX_HOME: folder, SCRIPTED_KEY: PLACEHOLDER_KEY },
    };
  },
};

/** JSON strings and lists are TOML too. */
function toml({ model, gateway }: HostSetup): string {
  return [
    'model = "scripted"',
    'model_provider = "scripted"',
    'check_for_update_on_startup = false',
    '[analytics]',
    'enabled = false',
    '[model_providers.scripted]',
    'name = "scripted"',
    `base_url = ${JSON.stringify(`${model.origin}/v1`)}`,
    'wire_api = "responses"',
    'env_key = "SCRIPTED_KEY"',
    `[mcp_servers.${GATEWAY}]`,
    /* It would otherwise ask the model without the tools of a server that is late, as on a busy machine. */
    'required = true',
    'startup_timeout_sec = 60',
    ...entry(gateway),
    '',
  ].join('\n');
}

function entry(gateway: HostSetup['gateway']): string[] {
  if (gateway instanceof URL) return [`url = ${JSON.stringify(gateway.href)}`];
  const env = Object.entries(gateway.env ?? {}).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const { command, args = [] } = gateway;
  const lines = [`command = ${JSON.stringify(command)}`, `args = ${JSON.stringify(args)}`];
  return env.length > 0 ? [...lines, `[mcp_servers.${GATEWAY}.env]`, ...env] : lines;
}
