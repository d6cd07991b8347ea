/** The administration API as an OpenAPI 3.1 document, from the table that serves it and the schemas that check it. */
import * as z from 'zod';
import type { AdminRoute } from './admin-routes.ts';
import { ADMIN_SCHEMAS, type AdminSchemaName } from './admin-schema.ts';

type Part = Readonly<Record<string, unknown>>;

/** Holds every route of the table and nothing else. */
export function openApiDocument(routes: readonly AdminRoute[]): Part {
  const paths: Record<string, Record<string, Part>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tooldex administration',
      version: '1',
      description:
        'For principals that may administer; everybody else gets 404. Secrets of the configuration are masked.',
    },
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key or token; none on loopback without `auth`.',
        },
      },
    },
    security: [{ bearer: [] }, {}],
  };
}

function operationOf({ method, path, summary, body, bodyOptional, answer, status = 200 }: AdminRoute): Part {
  const parameters = path.includes('{name}')
    ? [{ name: 'name', in: 'path', required: true, description: 'A server.', schema: { type: 'string' } }]
    : [];
  const words = path.replace('/api/', '').replace(/[{}.]/g, '').split('/');
  return {
    operationId: [method.toLowerCase(), ...words].join('_'),
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: !bodyOptional, content: jsonOf(body) } } : {}),
    responses: {
      [status]: { description: 'Done.', content: jsonOf(answer) },
      default: { description: 'Not done: what is wrong, and what to do about it.', content: jsonOf('Problem') },
    },
  };
}

const jsonOf = (name: AdminSchemaName): Part => ({
  'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
});

/** What several schemas share is found by references from the root of the document, so it has to stand beside them. */
function componentSchemas(): Part {
  const entries = Object.entries(ADMIN_SCHEMAS).flatMap(([name, schema]) => {
    const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io: 'input' });
    return [[name, own] as const, ...Object.entries($defs)];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  return JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as Part;
}
