/** A tool as answers show it. Its signature and schema are written when there may be room for them: of a thousand tools there is for a few. */
import type { StoredTool } from '../catalog/catalog.ts';
import type { Candidate } from './search-answer.ts';
import { type Signature, signature } from './signature.ts';
import { plainLine, quote } from './third-party-text.ts';

const SIGNATURE_DESCRIPTION_MAX = 160;
const SCHEMA_DESCRIPTION_MAX = 600;

type Tool = Omit<StoredTool, 'hash'>;

/** `copies` are other servers that have the very same one. */
export function toCandidate(tool: Tool, copies: readonly string[] = []): Candidate {
  return new ToolCandidate(tool, copies);
}

class ToolCandidate implements Candidate {
  readonly server: string;
  readonly name: string;
  readonly #tool: Tool;
  /** The last line of each record. */
  readonly #also: string;
  #told: Signature | undefined;
  #signature: string | undefined;
  #schema: string | undefined;

  constructor(tool: Tool, copies: readonly string[]) {
    this.server = tool.server;
    this.#tool = tool;
    this.#also = copies.length > 0 ? `\n  same tool on: ${copies.join(', ')}` : '';
    this.name = `${plainLine(tool.name)}${this.#also}`;
  }

  get isWhole(): boolean {
    return this.#tell().isWhole;
  }

  get signature(): string {
    this.#signature ??= `${this.#tell().text}${this.#about(SIGNATURE_DESCRIPTION_MAX)}${this.#also}`;
    return this.#signature;
  }

  get schema(): string {
    this.#schema ??= this.#withSchema();
    return this.#schema;
  }

  #withSchema(): string {
    const { name, definition } = this.#tool;
    const { $schema: _, ...schema } = definition.inputSchema;
    const json = plainLine(JSON.stringify(schema));
    return `${plainLine(name)}${this.#about(SCHEMA_DESCRIPTION_MAX)}\n  schema: ${json}${this.#also}`;
  }

  #tell(): Signature {
    this.#told ??= signature(this.#tool.name, this.#tool.definition.inputSchema);
    return this.#told;
  }

  #about(charactersMax: number): string {
    const { description, title } = this.#tool.definition;
    const about = description ?? title ?? '';
    return about ? `\n  ${quote(about, charactersMax)}` : '';
  }
}
