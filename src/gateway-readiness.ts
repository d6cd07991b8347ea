/** The part of the composition root that says for `/readyz` how the gateway's parts are, each with a reason. */
import type { Gateway } from './gateway.ts';
import type { Observed } from './gateway-observed.ts';
import type { MetaToolParts } from './meta-tools/parts.ts';
import { indexingStatus } from './meta-tools/server-status.ts';

export interface Readiness {
  /** `degraded` takes calls and does less than it should; `failing` cannot find or call anything. */
  readonly status: 'ok' | 'degraded' | 'failing';
  /** Of each part a phrase; whoever is no admin learns no more than the status. */
  readonly parts: Readonly<Record<string, string>>;
}

type Source = Pick<Gateway, 'configStatus'> & {
  readonly observed: Pick<Observed, 'lastSearch' | 'auditProblem' | 'ledgerProblem'>;
};

/** Asks nobody outside: what it says is known already, so that it may be asked each second. */
export function readinessOf({ configStatus, observed }: Source, parts: MetaToolParts): Readiness {
  const catalog = catalogStatus(parts);
  const audit = observed.auditProblem();
  const ledger = observed.ledgerProblem();
  const search = observed.lastSearch();
  const problems = [search?.degraded, audit, ledger, configStatus().problem];
  const isDegraded = problems.some((problem) => problem !== undefined);
  return {
    status: catalog.isFailing ? 'failing' : isDegraded ? 'degraded' : 'ok',
    parts: {
      catalog: catalog.text,
      indexing: catalog.isFailing ? 'unknown' : (indexingStatus(parts) ?? 'complete'),
      search: searchStatus(search),
      configuration: configurationStatus(configStatus()),
      ...(audit === undefined ? {} : { audit: `lines are lost: ${audit}` }),
      ...(ledger === undefined ? {} : { ledger: `running servers are not noted: ${ledger}` }),
    },
  };
}

/** Of the servers that there are: the catalog remembers those too that went, in case they come back. */
function catalogStatus({ catalog, directory }: Pick<MetaToolParts, 'catalog' | 'directory'>): {
  text: string;
  isFailing: boolean;
} {
  try {
    const names = new Set(directory.names());
    const listings = catalog.listings().filter(({ server }) => names.has(server));
    const tools = listings.reduce((sum, { toolCount }) => sum + toolCount, 0);
    return { text: `${tools} tools of ${listings.length} servers`, isFailing: false };
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), isFailing: true };
  }
}

/** Of the last search: asking a model or store anew would cost them something at each look. */
function searchStatus(search: ReturnType<Observed['lastSearch']>): string {
  if (!search) return 'nobody has searched yet';
  const { mode, degraded, progress, spared } = search;
  return [mode, degraded ?? progress ?? spared].filter(Boolean).join(': ');
}

/** A file that cannot be used is no reason to take no calls. What is wrong may quote secrets, so only the log tells it. */
function configurationStatus({ generation, problem }: ReturnType<Gateway['configStatus']>): string {
  if (!problem) return `generation ${generation}`;
  return `generation ${generation}, kept because ${problem.place} cannot be used; the log says why`;
}
