/** The third-party sets by which engines are compared, and the catalogs that make their crowd. */

/** Nothing that ships has learned from these. */
export const SELECTION = [
  'azure-mcp-2025',
  'mcpproxy-golden',
  'mcp-zero:task',
  'mcp-zero:request',
  'toollinkos',
  'acebench-en',
  'toolret-apigen',
];

/** 24,424 tools altogether. */
export const CROWD = [
  'mcp-zero',
  'azure-mcp-2025',
  'mcpproxy-golden',
  'toolsdk-registry',
  'arcade-toolkits',
  'toucan-smithery',
];
