import { expect, it } from 'vitest';
import { buildMenu } from '../../../src/meta-tools/menu.ts';
import { createMetaOffer } from '../../../src/meta-tools/meta-offer.ts';
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
