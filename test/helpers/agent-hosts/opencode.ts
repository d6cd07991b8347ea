/** opencode, run once with `run`, its model spoken to in Anthropic's dialect. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentHost, GATEWAY, type HostSetup, PLACEHOLDER_KEY } from './agent-host.ts';

export const opencode: AgentHost = {
  name: 'opencode',
  package: 'opencode-ai',
  version: '1.18.33',
  launch: (installed, setup) => {
    writeFileSync(join(setup.cwd, 'opencode.json'), JSON.stringify(config(setup)));
    const binary = `opencode-${process.platform}-${process.arch}/bin/opencode`;
    return { command: join(installed, 'node_modules', binary), args: ['run', setup.prompt], env: QUIET };
  },
};

/** It would otherwise ask its makers for models, plugins and updates. */
const QUIET = {
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  npm_config_registry: 'http://127.0.0.1:1',
};

function config({ model, gateway }: HostSetup): object {
  const options = { baseURL: `${model.origin}/v1`, apiKey: PLACEHOLDER_KEY };
  const provider = { npm: '@ai-sdk/anthropic', options, models: { scripted: { name: 'scripted' } } };
  return {
    model: 'scripted/scripted',
    small_model: 'scripted/scripted',
    autoupdate: false,
    share: 'disabled',
    provider: { scripted: provider },
    mcp: { [GATEWAY]: entry(gateway) },
  };
}

function entry(gateway: HostSetup['gateway']): object {
  if (gateway instanceof URL) return { type: 'remote', url: gateway.href };
  const { command, args = [], env } = gateway;
  return { type: 'local', command: [command, ...args], ...(env ? { environment: env } : {}) };
}
