/** Labels of series: how many names there may be, and what is kept of each of them. */

const OTHER = 'other';

/** The name itself for the first so many, `other` for those that come later. */
export function clampNames(max: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= max) return OTHER;
    known.add(name);
    return name;
  };
}

export interface Called {
  readonly server: string;
  readonly tool: string;
}

/** Of what comes too late the server is still told, unless there are too many of those as well. */
export function clampTools(max: { readonly tools: number; readonly servers: number }): (called: Called) => Called {
  const clampTool = clampNames(max.tools);
  const clampServer = clampNames(max.servers);
  return ({ server, tool }) => ({
    server: clampServer(server),
    tool: clampTool(`${server}:${tool}`) === OTHER ? OTHER : tool,
  });
}

/** For names that are few: nothing is forgotten. */
export function remember<Made extends object>(make: (name: string) => Made): (name: string) => Made {
  const known = new Map<string, Made>();
  return (name) => {
    const met = known.get(name);
    if (met) return met;
    const one = make(name);
    known.set(name, one);
    return one;
  };
}

/** Of tools that have no series of their own nothing is remembered, so that names cannot fill memory. */
export function rememberTools<Made>(clamp: (called: Called) => Called, make: (clamped: Called) => Made) {
  const byServer = new Map<string, Map<string, Made>>();
  return (called: Called): Made => {
    const known = byServer.get(called.server)?.get(called.tool);
    if (known) return known;
    const clamped = clamp(called);
    const made = make(clamped);
    if (clamped.server !== called.server || clamped.tool !== called.tool) return made;
    const tools = byServer.get(called.server) ?? new Map<string, Made>();
    byServer.set(called.server, tools.set(called.tool, made));
    return made;
  };
}
