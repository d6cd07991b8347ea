/** `server:tool`, made and split only here. Server names never contain a colon, so the first one splits. */
export type ToolId = `${string}:${string}`;

export function toolId(server: string, tool: string): ToolId {
  return `${server}:${tool}`;
}

export function splitToolId(id: string): { server: string; tool: string } | undefined {
  const colon = id.indexOf(':');
  if (colon <= 0 || colon === id.length - 1) return undefined;
  return { server: id.slice(0, colon), tool: id.slice(colon + 1) };
}
