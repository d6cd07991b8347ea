/** `add_mcp_server`: installs, starts and lists a server, and answers with its tools. */
import type { KnownServer } from '../catalog/server-directory.ts';
import { GatewayError } from '../errors.ts';
import { type Asked as AskedOutcome, turnedDown } from '../policy/pending-additions.ts';
import type { AddingRight } from '../policy/policy.ts';
import type { Principal } from '../policy/principal.ts';
import { isYoungerThan } from '../stdx/age.ts';
import type { JsonObject } from '../stdx/json.ts';
import { named } from './named-error.ts';
import { readOwnConfig } from './own-config.ts';
import { type CallContext, type MetaTool, type MetaToolParts, textResult } from './parts.ts';
import { findServer, startProgress } from './resolve-tool.ts';
import { renderAnswer } from './search-answer.ts';
import { serverStatus } from './server-status.ts';
import { plainLine } from './third-party-text.ts';
import { toCandidate } from './tool-candidate.ts';

/** Hosts give up on a call after about a minute. */
const WAIT_MS = { fallback: 30_000, max: 55_000 };
const ANSWER_TOKENS_MAX = 1_000;
const FRESH_MS = 60_000;

export const addMcpServer: MetaTool = async (parts, given, context) => {
  const name = readName(given);
  const right = parts.policy.mayAdd(context.principal);
  requireRight(right, name);
  const isOwn = given.config !== undefined && given.config !== null;
  const waits = isOwn && right === 'approval' ? await askFor(parts, name, { given, context }) : undefined;
  if (waits) return waits;
  if (isOwn && right !== 'approval') await addOwn(parts, name, { given, context });
  const server = await findAdded(parts, name, context);
  if (isJustListed(parts, server)) return listed(parts, server);
  const waited = await listWithin(parts, server, { context, waitMs: readWait(given.wait_ms ?? given.waitMs) });
  return waited === 'done' ? listed(parts, server) : stillWorking(parts, server);
};

function requireRight(right: AddingRight, name: string): void {
  if (right !== 'never') return;
  throw new GatewayError('NOT_ALLOWED', `"${name}" was not added: your access does not let you add servers`, {
    hint: 'use what search_mcp_server finds, or ask the admin',
  });
}

/** A config of the caller's own: it runs programs here, so it needs more of a right than a name. */
async function addOwn(parts: MetaToolParts, name: string, { given, context }: Asked): Promise<void> {
  const { principal } = context;
  if (parts.policy.mayAdd(principal) !== 'always')
    throw notAdded(
      name,
      'a config of your own would run programs here',
      'to set "add_servers: approval" or "add_servers: always"',
    );
  requireCovered(parts, name, principal);
  await parts.additions.add(principal, { server: name, config: readOwnConfig(given.config) });
}

/** Starts nothing: an admin reads it first. Undefined when one has, and said yes. */
async function askFor(parts: MetaToolParts, name: string, { given, context }: Asked): Promise<JsonObject | undefined> {
  const { principal } = context;
  requireCovered(parts, name, principal);
  const config = readOwnConfig(given.config);
  const asked = await parts.additions.ask(principal, { server: name, config });
  return asked === 'added' ? undefined : textResult(WAITS[asked](plainLine(name)));
}

const NEXT = (name: string) =>
  `Nothing was started. Once an admin has approved it ("tooldex approve ${name}"), search_mcp_server finds its tools; ` +
  'add_mcp_server with this name and no config says how it stands.';
const WAITS: Readonly<Record<AskedOutcome, (name: string) => string>> = {
  asked: (name) => `${name} is not added yet: it waits for an admin. ${NEXT(name)}`,
  joined: (name) => `${name} is not added yet: the same was asked for before, and waits for an admin. ${NEXT(name)}`,
  replaced: (name) =>
    `${name} is not added yet: this took the place of what you asked for before under this name, and waits for an admin. ${NEXT(name)}`,
};

/** One that an admin let in a moment ago is there too; for one that still waits this throws how it stands. */
async function findAdded(parts: MetaToolParts, name: string, { principal }: CallContext): Promise<KnownServer> {
  await parts.additions.follow();
  const standing = parts.directory.get(name) ? undefined : parts.additions.standing(principal, name);
  if (standing?.rejected) throw turnedDown(standing);
  if (standing === undefined) return knownOrCatalogued(parts, name, principal);
  throw new GatewayError('NOT_ALLOWED', `"${name}" is not added yet: it waits for an admin`, {
    hint: 'search_mcp_server finds its tools once it is approved',
  });
}

/** What is there comes before what could be; an admin has chosen what is in the catalog, so nobody is asked again. */
async function knownOrCatalogued(parts: MetaToolParts, name: string, principal: Principal): Promise<KnownServer> {
  try {
    return findServer(parts, name);
  } catch (error) {
    const found = await parts.additions.inCatalog(name);
    if (found === undefined) throw error;
    requireCovered(parts, found.server, principal);
    if (!parts.directory.get(found.server)) await parts.additions.add(principal, found);
    return findServer(parts, found.server);
  }
}

function requireCovered({ policy }: MetaToolParts, name: string, principal: Principal): void {
  if (policy.seesServer(principal, name)) return;
  throw notAdded(name, 'your access does not cover a server of this name', 'to let you see it');
}

function notAdded(name: string, why: string, remedy: string): GatewayError {
  return new GatewayError('NOT_ALLOWED', `"${name}" was not added: ${why}`, {
    hint: `ask the admin to put it under "servers:" in the configuration file, or ${remedy}`,
  });
}

interface Asked {
  readonly given: JsonObject;
  readonly context: CallContext;
}

/** An older listing is made anew: whoever asks may have found that the tools are not those that are known. */
function isJustListed({ discovery }: MetaToolParts, server: KnownServer): boolean {
  const knowledge = discovery.knowledge(server.name);
  if (knowledge.kind !== 'indexed' || knowledge.listing.configHash !== server.configHash) return false;
  return isYoungerThan(FRESH_MS, knowledge.listing.listedAt);
}

interface Waiting {
  readonly context: CallContext;
  readonly waitMs: number;
}

/** Gives up waiting after `waitMs`, not listing: that goes on, and the next call joins it. */
async function listWithin(
  parts: MetaToolParts,
  server: KnownServer,
  { context, waitMs }: Waiting,
): Promise<'done' | 'late'> {
  const late = AbortSignal.timeout(waitMs);
  const signal = AbortSignal.any([context.signal, late]);
  try {
    await parts.discovery.list(server.name, { signal, onProgress: startProgress(context), keep: true });
    return 'done';
  } catch (error) {
    if (late.aborted && !context.signal.aborted && error === late.reason) return 'late';
    throw named(error, server.name);
  }
}

function listed(parts: MetaToolParts, server: KnownServer): JsonObject {
  const tools = parts.catalog.tools(server.name).filter((tool) => server.allows(tool.name));
  const answer = renderAnswer({
    candidates: tools.map((tool) => toCandidate({ ...tool, server: server.name })),
    detail: 'signatures',
    tokensMax: ANSWER_TOKENS_MAX,
    header: (shown) =>
      `${server.name} is added: ${tools.length} tool${tools.length === 1 ? '' : 's'}${shown < tools.length ? `, ${shown} shown` : ''}`,
    heading: (name) => `## ${name} (${serverStatus(parts, name)})`,
    footer: () => 'Call one with use_tool; search_mcp_server with "server" finds the others.',
  });
  return textResult(answer);
}

function stillWorking(parts: MetaToolParts, server: KnownServer): JsonObject {
  const knowledge = parts.discovery.knowledge(server.name);
  const message = knowledge.kind === 'listing' ? plainLine(knowledge.message) : 'working';
  return textResult(
    `${server.name} is being added (${message}); it goes on without you. Call add_mcp_server again to wait for it.`,
  );
}

function readName(given: JsonObject): string {
  const name = given.mcp_server_name ?? given.mcpServerName ?? given.server ?? given.name;
  if (typeof name === 'string' && name.trim() !== '') return name.trim();
  throw new GatewayError('ARGUMENTS_INVALID', 'add_mcp_server was not told which server', {
    hint: 'give mcp_server_name, a name that search_mcp_server showed',
  });
}

function readWait(value: unknown): number {
  const wait = Number(value ?? WAIT_MS.fallback);
  return Number.isFinite(wait) ? Math.min(WAIT_MS.max, Math.max(0, wait)) : WAIT_MS.fallback;
}
