/** What agents are told to do about an error, in the words of those who type commands. */

/** An agent's remedies in the words of the command line. */
export function forTerminal(text: string): string {
  return text
    .replace(/use_tool (\{.*\})/g, (whole, json: string) => commandLine(json) ?? whole)
    .replaceAll('search_mcp_server finds', '"tooldex search" finds')
    .replaceAll('add_mcp_server lists this server anew', '"tooldex index" lists this server anew')
    .replaceAll('say which one with mcp_server_name', 'write server:tool');
}

function commandLine(json: string): string | undefined {
  try {
    const { mcp_server_name, mcp_tool_name, params } = JSON.parse(json) as Record<string, unknown>;
    return `tooldex call ${mcp_server_name}:${mcp_tool_name} '${JSON.stringify(params).replaceAll("'", "'\\''")}'`;
  } catch {
    return undefined;
  }
}
