/** What of a tool is indexed. The engine knows documents, not protocols. */
import { createHash } from 'node:crypto';
import { isObject } from '../src/stdx/json.ts';
import { pointedAt } from '../src/stdx/json-pointer.ts';

export interface ToolDocument {
  /** Unique; opaque to the engine. */
  readonly id: string;
  readonly server: string;
  readonly serverDescription: string;
  readonly name: string;
  readonly description: string;
  /** Names and descriptions of the tool's parameters, nested ones included. */
  readonly parameters: readonly ParameterText[];
}

export interface ParameterText {
  readonly name: string;
  readonly description: string;
}

export interface ToolText {
  readonly id: string;
  readonly server: string;
  readonly serverDescription?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema of the arguments; anything that is not an object counts as no parameters. */
  readonly inputSchema?: unknown;
}

/** Bounds on what one tool can make the index read, so that a hostile listing costs no more than an honest one. */
const LIMITS = { name: 256, description: 8_000, parameterDescription: 300, parameters: 200, depth: 6, schemas: 2_000 };

/** Never throws: what is missing or of the wrong type is empty, what is too long is cut. */
export function toolDocument(tool: ToolText): ToolDocument {
  return {
    id: tool.id,
    server: tool.server,
    serverDescription: text(tool.serverDescription, LIMITS.description),
    name: text(tool.name, LIMITS.name),
    description: text(tool.description, LIMITS.description),
    parameters: parameterTexts(tool.inputSchema),
  };
}

/** Equal for documents that would be indexed alike; the id is not part of it. */
export function documentHash(document: ToolDocument): string {
  const { server, serverDescription, name, description, parameters } = document;
  const content = [server, serverDescription, name, description, parameters.map((p) => [p.name, p.description])];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
}

const text = (value: unknown, length: number) => (typeof value === 'string' ? value.slice(0, length) : '');

/** Breadth first, so that a deep first parameter cannot push out the names of the others; what is referred to is read once. */
function parameterTexts(inputSchema: unknown): ParameterText[] {
  const found: ParameterText[] = [];
  const followed = new Set(['#']);
  let level: unknown[] = [inputSchema];
  let visited = 0;
  for (let depth = 0; depth < LIMITS.depth && level.length > 0; depth++) {
    const below: unknown[] = [];
    for (const schema of level) {
      if (!isObject(schema) || ++visited > LIMITS.schemas) continue;
      const { $ref } = schema;
      if (typeof $ref === 'string' && !followed.has($ref)) {
        followed.add($ref);
        level.push(pointedAt(inputSchema, $ref));
      }
      below.push(...collectProperties(schema, found), ...innerSchemas(schema));
    }
    level = below;
  }
  return found;
}

function collectProperties(schema: Record<string, unknown>, found: ParameterText[]): unknown[] {
  if (!isObject(schema.properties)) return [];
  const inner: unknown[] = [];
  for (const [name, property] of Object.entries(schema.properties)) {
    if (found.length >= LIMITS.parameters) break;
    const description = isObject(property) ? text(property.description, LIMITS.parameterDescription) : '';
    found.push({ name: name.slice(0, LIMITS.name), description });
    inner.push(property);
  }
  return inner;
}

function innerSchemas(schema: Record<string, unknown>): unknown[] {
  const { items, prefixItems, additionalProperties, anyOf, oneOf, allOf } = schema;
  const alternatives = [prefixItems, anyOf, oneOf, allOf].flatMap((branch) => (Array.isArray(branch) ? branch : []));
  return [items, additionalProperties, ...alternatives].slice(0, LIMITS.parameters);
}
