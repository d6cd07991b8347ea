/** Errors that agents and people share, as people read them. */
import { expect, it } from 'vitest';
import { forTerminal } from '../../../src/cli/for-terminal.ts';

it('names commands in the place of the three tools', () => {
  const said =
    'hint: its tools: a; search_mcp_server finds tools by what they do, add_mcp_server lists this server anew\n' +
    `example: use_tool {"mcp_server_name":"fs","mcp_tool_name":"read","params":{"path":"it's"}}`;
  expect(forTerminal(said)).toBe(
    'hint: its tools: a; "tooldex search" finds tools by what they do, "tooldex index" lists this server anew\n' +
      `example: tooldex call fs:read '{"path":"it'\\''s"}'`,
  );
});

it('leaves what is no remedy', () => {
  const said = 'add_servers says what add_mcp_server may do; use_tool {not json}';
  expect(forTerminal(said)).toBe(said);
});
