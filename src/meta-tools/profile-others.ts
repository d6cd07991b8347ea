/** What a profile with `exposure: direct` serves besides tools: the prompts and resources of its servers. */
import type { KnownServer } from '../catalog/server-directory.ts';
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { ExposedLists, type ListKind, type OwnedItem, serversWith } from './exposed-lists.ts';
import { exposedNames } from './exposed-names.ts';
import { isExpansion, shownUris, splitUri } from './exposed-uris.ts';
import type { CallContext, MetaToolParts } from './parts.ts';
import { withoutProgressToken } from './tool-offer.ts';
import { callUpstream } from './upstream-call.ts';

const PROMPTS: ListKind = { method: 'prompts/list', key: 'prompts', capability: 'prompts' };
const RESOURCES: ListKind = { method: 'resources/list', key: 'resources', capability: 'resources' };
const TEMPLATES: ListKind = { method: 'resources/templates/list', key: 'resourceTemplates', capability: 'resources' };

/** `parts` are those of the profile's view. */
export interface AskedOther {
  readonly parts: MetaToolParts;
  readonly params: JsonObject;
  readonly context: CallContext;
}

/** One for each profile; it remembers for a moment what was listed. */
export class ProfileOthers {
  readonly #lists = new ExposedLists();

  /** Throws ARGUMENTS_INVALID for a prompt or resource that is not there, and what `callUpstream` throws. */
  async request(method: string, asked: AskedOther): Promise<JsonObject> {
    switch (method) {
      case 'prompts/list':
        return { prompts: await this.#listPrompts(asked) };
      case 'resources/list':
        return { resources: await this.#listByUri(asked, RESOURCES, 'uri') };
      case 'resources/templates/list':
        return { resourceTemplates: await this.#listByUri(asked, TEMPLATES, 'uriTemplate') };
      case 'prompts/get':
        return this.#getPrompt(asked);
      case 'resources/read':
        return this.#readResource(asked);
      default:
        return this.#complete(asked);
    }
  }

  async #listPrompts({ parts, context }: AskedOther): Promise<Json[]> {
    const names = promptNames(await this.#lists.of(parts, PROMPTS, { context, fresh: true }));
    return [...names].map(([name, { item }]) => ({ ...item, name }));
  }

  async #listByUri({ parts, context }: AskedOther, kind: ListKind, key: 'uri' | 'uriTemplate'): Promise<Json[]> {
    const shown = shownUris(await this.#lists.of(parts, kind, { context, fresh: true }), key);
    return [...shown].map(([{ item }, uri]) => ({ ...item, [key]: uri }));
  }

  async #getPrompt(asked: AskedOther): Promise<JsonObject> {
    const { server, item } = await this.#findPrompt(asked, asked.params.name);
    return forward(asked, server, { method: 'prompts/get', params: { ...asked.params, name: item.name ?? null } });
  }

  async #findPrompt({ parts, context }: AskedOther, name: unknown): Promise<OwnedItem> {
    const names = promptNames(await this.#lists.of(parts, PROMPTS, { context }));
    const found = names.get(String(name));
    if (found) return found;
    throw new GatewayError('ARGUMENTS_INVALID', `Unknown prompt "${name}"; there are ${some([...names.keys()])}`);
  }

  async #readResource(asked: AskedOther): Promise<JsonObject> {
    const shown = String(asked.params.uri);
    const { server, own } = await this.#ownerOf(asked, shown);
    const result = await forward(asked, server, { method: 'resources/read', params: { ...asked.params, uri: own } });
    if (own === shown || !Array.isArray(result.contents)) return result;
    const named = result.contents.map((part) => (isObject(part) && part.uri === own ? { ...part, uri: shown } : part));
    return { ...result, contents: named as Json[] };
  }

  /** Whose resource it is; never a guess among several, since an address may be nobody else's business. */
  async #ownerOf(asked: AskedOther, uri: string): Promise<Owner> {
    const servers = serversWith(asked.parts, 'resources');
    const split = splitUri(uri);
    const named = split && servers.find(({ name }) => name === split.server);
    if (split && named) return { server: named, own: split.own };
    const { parts, context } = asked;
    const listed = ownersIn(await this.#lists.of(parts, RESOURCES, { context }), (item) => item.uri === uri);
    const owners = listed.length > 0 ? listed : await this.#ownersByTemplate(asked, uri);
    const candidates = owners.length > 0 ? owners : servers;
    const [only] = candidates;
    if (only && candidates.length === 1) return { server: only, own: uri };
    throw unclear(uri, owners);
  }

  async #ownersByTemplate({ parts, context }: AskedOther, uri: string): Promise<KnownServer[]> {
    const templates = await this.#lists.of(parts, TEMPLATES, { context });
    return ownersIn(templates, ({ uriTemplate }) => uriTemplate === uri || isExpansion(uri, String(uriTemplate)));
  }

  async #complete(asked: AskedOther): Promise<JsonObject> {
    const { ref } = asked.params;
    const given = isObject(ref) ? (ref as JsonObject) : {};
    const { server, own } = await this.#completing(asked, given);
    const hasIt = serversWith(asked.parts, 'completions').some(({ name }) => name === server.name);
    if (!hasIt) return { completion: { values: [] } };
    const params = { ...asked.params, ref: { ...given, ...own } };
    return forward(asked, server, { method: 'completion/complete', params });
  }

  async #completing(asked: AskedOther, ref: JsonObject): Promise<{ server: KnownServer; own: JsonObject }> {
    if (ref.type === 'ref/prompt') {
      const { server, item } = await this.#findPrompt(asked, ref.name);
      return { server, own: { name: item.name ?? null } };
    }
    const { server, own } = await this.#ownerOf(asked, String(ref.uri));
    return { server, own: { uri: own } };
  }
}

interface Owner {
  readonly server: KnownServer;
  readonly own: string;
}

function promptNames(owned: readonly OwnedItem[]) {
  const prompts = owned.map(({ server, item }) => ({ server, item, tool: String(item.name), isGiven: false }));
  const named = exposedNames(
    prompts.map((prompt) => ({ ...prompt, owner: prompt.server, server: prompt.server.name })),
  );
  return new Map([...named].map(([name, { owner, item }]): [string, OwnedItem] => [name, { server: owner, item }]));
}

function ownersIn(owned: readonly OwnedItem[], isIt: (item: JsonObject) => boolean): KnownServer[] {
  return [...new Set(owned.filter(({ item }) => isIt(item)).map(({ server }) => server))];
}

function forward(
  { parts, context }: AskedOther,
  server: KnownServer,
  { method, params }: { readonly method: string; readonly params: JsonObject },
): Promise<JsonObject> {
  const sent = withoutProgressToken(params);
  return callUpstream(parts, { door: 'profile', server, tool: method, method, params: sent, context });
}

function unclear(uri: string, owners: readonly KnownServer[]): GatewayError {
  if (owners.length === 0) return new GatewayError('ARGUMENTS_INVALID', `Resource not found: ${uri}`);
  const names = owners.map(({ name }) => `tooldex://${name}/${uri}`);
  return new GatewayError('ARGUMENTS_INVALID', `Several servers have ${uri}`, {
    hint: `ask for one of ${some(names)}`,
  });
}

const some = (names: readonly string[]) => names.slice(0, 20).join(', ') || 'none';
