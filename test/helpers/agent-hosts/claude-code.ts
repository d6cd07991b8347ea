/** Claude Code, run once in print mode. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentHost, GATEWAY, type HostSetup, PLACEHOLDER_KEY } from './agent-host.ts';

export const claudeCode: AgentHost = {
  name: 'claude-code',
  package: '@anthropic-ai/claude-code',
  version: '2.1.197',
  launch: (installed, { home, model, gateway, prompt }) => {
    const config = join(home, 'mcp.json');
    writeFileSync(config, JSON.stringify({ mcpServers: { [GATEWAY]: entry(gateway) } }));
    const binary = `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`;
    return {
      command: join(installed, 'node_modules', binary),
      args: ['-p', prompt, '--mcp-config', config, '--strict-mcp-config', '--allowedTools', `mcp__${GATEWAY}`],
      env: {
        ANTHROPIC_BASE_URL: model.origin,
        ANTHROPIC_API_KEY: PLACEHOLDER_KEY,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        /* It would otherwise ask the model without the tools of a server that takes five seconds, as on a busy machine. */
        MCP_CONNECTION_NONBLOCKING: 'false',
        MCP_CONNECT_TIMEOUT_MS: '60000',
      },
    };
  },
};

function entry(gateway: HostSetup['gateway']): object {
  return gateway instanceof URL ? { type: 'http', url: gateway.href } : { type: 'stdio', ...gateway };
}
