/** What an agent connects to: the menu and the three tools. */
import type { Json, JsonObject } from '../stdx/json.ts';
import type { Identity } from './identity.ts';
import type { Menu } from './menu.ts';
import type { MetaToolCalls } from './register.ts';
import { type ToolOffer, unknownTool } from './tool-offer.ts';

/** The menu never changes while the process runs. */
const MENU_TTL_MS = 3_600_000;

export function createMetaOffer(identity: Identity, menu: Menu, calls: MetaToolCalls): ToolOffer {
  return {
    identity,
    instructions: menu.instructions,
    listTtlMs: MENU_TTL_MS,
    list: async () => listMenu(menu),
    async call(params, context) {
      const name = typeof params.name === 'string' ? params.name : '';
      const result = calls.call(name, params.arguments, context);
      if (result) return result;
      const known = menu.tools.map((tool) => tool.name);
      throw unknownTool(name, known, 'use_tool calls the tools of servers');
    },
    pass: (params, by) => (typeof params.name === 'string' ? calls.pass(params.name, params.arguments, by) : undefined),
  };
}

export const listMenu = (menu: Menu): JsonObject => ({ tools: menu.tools as unknown as Json[] });
