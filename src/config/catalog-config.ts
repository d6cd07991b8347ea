/** The catalog of servers that agents may add by name, as the rest of Tooldex gets it. */

export interface CatalogConfig {
  /** Earlier ones win. */
  readonly sources: readonly CatalogSource[];
  /** Names or globs; undefined is all. */
  readonly names: readonly string[] | undefined;
  readonly refreshMs: number;
  /** Of containers: `none`, `bridge` or the name of an existing network. */
  readonly network: string;
  /** By the name that the catalog or Tooldex has for a server, then by the input's. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export type CatalogSource =
  /** Absolute; a file or a folder. */
  | { readonly kind: 'path'; readonly at: string }
  | { readonly kind: 'url'; readonly at: string; readonly headers: Readonly<Record<string, string>> };
