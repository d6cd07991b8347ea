/** Under `changes: quarantine` a tool is called only where the very process that gets the call describes it as it was approved. */
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import type { Catalog, WithheldTools } from '../catalog/catalog.ts';
import { fingerprint } from '../catalog/fingerprint.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import { GatewayError } from '../errors.ts';
import { isObject, type Json } from '../stdx/json.ts';

type Session = Pick<UpstreamSession, 'listTools' | 'onNotification'>;
type Server = Pick<KnownServer, 'name' | 'changes'>;

export interface ApprovedTools {
  /** Whether that is known without asking; true wherever changes are allowed. `tool` by its own name. */
  isSettled(server: Server, tool: string, session: Session): boolean;
  /** Asks the process for its tools where it is not known. Throws TOOL_UNKNOWN for one that is described otherwise. */
  settle(server: Server, tool: string, session: Session): Promise<void>;
  /** Of tools as a server lists them those that may be shown. What nobody has noticed yet is then listed anew. */
  sift(server: Server, listed: Json | undefined): Json | undefined;
}

export interface ApprovedToolsOptions {
  /** With the servers' own names of tools. */
  readonly catalog: Pick<Catalog, 'tool'> & Pick<WithheldTools, 'withheld'>;
  /** To list a server anew, so that what has changed is shown to admins. */
  readonly onChanged: (server: string) => void;
}

interface Described {
  /** Fingerprints by name, as the process listed them; undefined from the moment that it says that they change. */
  tools: ReadonlyMap<string, string> | undefined;
  changes: number;
  asking: Promise<void> | undefined;
}

export function createApprovedTools(options: ApprovedToolsOptions): ApprovedTools {
  return new Approved(options);
}

class Approved implements ApprovedTools {
  readonly #options: ApprovedToolsOptions;
  readonly #described = new WeakMap<Session, Described>();

  constructor(options: ApprovedToolsOptions) {
    this.#options = options;
  }

  isSettled({ name, changes }: Server, tool: string, session: Session): boolean {
    if (changes !== 'quarantine') return true;
    const described = this.#described.get(session)?.tools?.get(tool);
    return described !== undefined && described === this.#options.catalog.tool(name, tool)?.hash;
  }

  async settle(server: Server, tool: string, session: Session): Promise<void> {
    if (this.isSettled(server, tool, session)) return;
    const described = this.#described.get(session) ?? this.#watch(server.name, session);
    await this.#ask(described, session);
    // It said meanwhile that they change.
    if (!described.tools) await this.#ask(described, session);
    if (this.isSettled(server, tool, session)) return;
    this.#options.onChanged(server.name);
    throw new GatewayError('TOOL_UNKNOWN', `"${tool}" of ${server.name} is not as it was approved`, {
      hint: `an admin sees the change with "tooldex changes ${server.name}", and lets it in with "tooldex approve ${server.name}"`,
    });
  }

  sift(server: Server, listed: Json | undefined): Json | undefined {
    if (server.changes !== 'quarantine' || !Array.isArray(listed)) return listed;
    const { catalog, onChanged } = this.#options;
    const isApproved = (tool: Json) =>
      isObject(tool) && catalog.tool(server.name, String(tool.name))?.hash === fingerprint(tool);
    const others = listed.filter((tool) => !isApproved(tool)).map(fingerprint);
    const noticed = new Set(
      others.length > 0 ? catalog.withheld(server.name).map((tool) => fingerprint(tool.proposed)) : [],
    );
    if (others.some((other) => !noticed.has(other))) onChanged(server.name);
    return listed.filter(isApproved);
  }

  #watch(server: string, session: Session): Described {
    const described: Described = { tools: undefined, changes: 0, asking: undefined };
    session.onNotification((method) => {
      if (method !== 'notifications/tools/list_changed') return;
      described.tools = undefined;
      described.changes += 1;
      this.#options.onChanged(server);
    });
    this.#described.set(session, described);
    return described;
  }

  async #ask(described: Described, session: Session): Promise<void> {
    const list = async () => {
      const { changes } = described;
      const tools = await fingerprints(session);
      if (described.changes === changes) described.tools = tools;
    };
    described.asking ??= list().finally(() => {
      described.asking = undefined;
    });
    await described.asking;
  }
}

async function fingerprints(session: Session): Promise<Map<string, string>> {
  const tools = new Map<string, string>();
  for (const tool of await session.listTools()) if (!tools.has(tool.name)) tools.set(tool.name, fingerprint(tool));
  return tools;
}
