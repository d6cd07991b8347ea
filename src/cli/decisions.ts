/** What waits for an admin and what becomes of it: at the gateway that runs for this configuration, or in the data folder. */
import { definitionDiff } from '../catalog/definition-diff.ts';
import type { Config } from '../config/config.ts';
import { toGatewayError } from '../errors.ts';
import type { Observed } from '../gateway-observed.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { findServer } from '../meta-tools/resolve-tool.ts';
import type { WaitingAddition } from '../policy/additions.ts';
import { LOCAL } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import { type AdminClient, type AdminFlags, runningGateway } from './admin-client.ts';
import type { Invocation } from './invocation.ts';
import { withGateway } from './open.ts';

/** As `/api/pending` has it. */
export type PendingRow = Omit<WaitingAddition, 'server'> & { readonly name: string };

/** As `/api/changes` has it. */
export interface ChangeRow {
  readonly server: string;
  readonly tool: string;
  readonly new: boolean;
  readonly noticedAt: number;
  readonly diff: readonly string[];
}

export interface Decisions {
  /** Of the gateway that does this; null where none runs. */
  readonly url: string | null;
  pending(): Promise<readonly PendingRow[]>;
  /** Throws SERVER_UNKNOWN, or USAGE where something else waits than what has this `id`. */
  approveServer(server: string, id: string | undefined): Promise<void>;
  /** `rejected`, or `removed` for a server that was let in. */
  reject(server: string, reason: string | undefined): Promise<string>;
  /** Throws SERVER_UNKNOWN for a server that is not there. */
  requireServer(name: string): Promise<void>;
  changes(): Promise<readonly ChangeRow[]>;
  /** Their names. Throws TOOL_UNKNOWN where nothing of that name waits. */
  approveTools(server: string, tool: string | undefined): Promise<readonly string[]>;
}

export async function withDecisions<Result>(
  invocation: Invocation,
  flags: AdminFlags,
  work: (decisions: Decisions) => Promise<Result>,
): Promise<Result> {
  const gateway = await runningGateway(invocation, flags);
  if (gateway) return work(there(gateway));
  return withGateway(invocation, flags, async (parts, config, { observed }) =>
    work(audited(here(parts, config), await observed())),
  );
}

function there(gateway: AdminClient): Decisions {
  const post = (path: readonly string[], body: JsonObject) =>
    gateway.ask('POST', `/api/${path.map(encodeURIComponent).join('/')}`, body);
  return {
    url: gateway.url,
    pending: async () => (await gateway.ask('GET', '/api/pending')).pending as unknown as readonly PendingRow[],
    approveServer: async (server, id) =>
      void (await post(['pending', server, 'approve'], id === undefined ? {} : { id })),
    reject: async (server, reason) =>
      String((await post(['pending', server, 'reject'], reason === undefined ? {} : { reason })).outcome),
    requireServer: async (name) => void (await gateway.ask('GET', `/api/servers/${encodeURIComponent(name)}`)),
    changes: async () => (await gateway.ask('GET', '/api/changes')).changes as unknown as readonly ChangeRow[],
    approveTools: async (server, tool) =>
      (await post(['changes', server, 'approve'], tool === undefined ? {} : { tool })).approved as string[],
  };
}

/** Decisions in the data folder leave the same lines as those over `/api`; who may make them is whoever may write there. */
function audited(decisions: Decisions, { noteAdmin }: Pick<Observed, 'noteAdmin'>): Decisions {
  const note = async <Result>(action: string, target: string, act: () => Promise<Result>): Promise<Result> => {
    const record = { principal: LOCAL, action, target };
    try {
      const result = await act();
      noteAdmin({ ...record, outcome: 'ok' });
      return result;
    } catch (error) {
      const { code, message } = toGatewayError(error);
      noteAdmin({ ...record, outcome: code, reason: message });
      throw error;
    }
  };
  return {
    ...decisions,
    approveServer: (server, id) => note('approve', server, () => decisions.approveServer(server, id)),
    reject: (server, reason) => note('reject', server, () => decisions.reject(server, reason)),
    approveTools: (server, tool) =>
      note('approve', [server, tool].filter(Boolean).join(' '), () => decisions.approveTools(server, tool)),
  };
}

function here(parts: MetaToolParts, { servers }: Pick<Config, 'servers'>): Decisions {
  const { additions, discovery } = parts;
  return {
    url: null,
    // A disabled one is there, too.
    requireServer: async (name) => void (servers.has(name) || findServer(parts, name)),
    pending: async () => additions.waiting().map(({ server: name, ...rest }) => ({ name, ...rest })),
    approveServer: (server, id) => additions.approve(LOCAL, { server, id }),
    reject: async (server, reason) => additions.reject(LOCAL, { server, reason }),
    changes: async () =>
      discovery.withheld().map(({ server, name: tool, proposed, approved, noticedAt }) => {
        return { server, tool, new: approved === undefined, noticedAt, diff: definitionDiff(approved, proposed) };
      }),
    approveTools: (server, tool) => discovery.approve(server, tool),
  };
}
