/** A tool exactly as its server listed it: only the fields that Tooldex reads are named, every other one is kept. */
import type { JsonObject } from '../stdx/json.ts';

export interface ToolDefinition {
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonObject;
  outputSchema?: JsonObject;
  annotations?: JsonObject;
  [field: string]: unknown;
}
