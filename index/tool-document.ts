/** What of a tool is indexed. The engine knows documents, not protocols. */

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
