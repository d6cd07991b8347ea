/** The SDK's server without the checks that would rebuild, or refuse, what an upstream server has answered. */
import { Server } from '@modelcontextprotocol/server';
import type { JsonObject } from '../stdx/json.ts';

type Handler = Parameters<Server['_wrapHandler']>[1];

/** Results of `tools/call` leave as they came: unknown fields and content types are a matter of client and upstream. */
export class PassThroughServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    return method === 'tools/call' ? handler : super._wrapHandler(method, handler);
  }
}

/** A schema for the SDK that takes any object as it is. */
export const anyObject: AnyObjectSchema = {
  '~standard': { version: 1, vendor: 'tooldex', validate: (value) => ({ value: (value ?? {}) as JsonObject }) },
};

/** https://standardschema.dev, as far as the SDK reads it. */
interface AnyObjectSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: JsonObject };
    readonly types?: { readonly input: unknown; readonly output: JsonObject };
  };
}
