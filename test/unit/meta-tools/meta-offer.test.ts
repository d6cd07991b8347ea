import { expect, it } from 'vitest';
import { buildMenu } from '../../../src/meta-tools/menu.ts';
import { createMetaOffer } from '../../../src/meta-tools/meta-offer.ts';
import { unknownTool } from '../../../src/meta-tools/tool-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';

it('tells whoever calls the tool of a server as one of its own what to call instead', async () => {
  const identity = { name: 'tooldex', title: 'Tooldex', version: '1.2.3' };
  const offer = createMetaOffer(identity, buildMenu([]), { call: () => undefined, pass: () => undefined });
  const context = { principal: LOCAL, signal: new AbortController().signal };
  await expect(offer.call({ name: 'github__create_issue', arguments: {} }, context)).rejects.toMatchObject({
    code: 'TOOL_UNKNOWN',
    message: expect.stringContaining('the tools are search_mcp_server, add_mcp_server, use_tool'),
    hint: expect.stringContaining('use_tool'),
  });
});

it('names only some tools of a server that has hundreds, and those that are near', () => {
  const known = Array.from({ length: 300 }, (_, n) => `tool_of_the_server_${n}`);
  const { message } = unknownTool('tool_of_the_server_29O', known);
  expect(message).toMatch(
    /the tools are .*tool_of_the_server_19 and 280 more; did you mean tool_of_the_server_29.*\?$/,
  );
  expect(message).not.toContain('tool_of_the_server_150');
  expect(unknownTool('x', []).message).toBe('Unknown tool "x"; there are no tools');
});
