/** What a configuration says of tools: which there are, and as what they are shown. */

/** Other names and descriptions of tools, by the names that their server gives them. */
export interface GivenNames {
  readonly rename: Readonly<Record<string, string>>;
  readonly describe: Readonly<Record<string, string>>;
}

/** Tool names or globs (`*`, `?`). What `deny` matches is gone even where `allow` matches; no `allow` means all. */
export interface ToolFilter {
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[];
}
