/** What some texts of a configuration must look like, whether they are written there or come from a reference. */

export interface WrittenForm {
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly remedy: string;
}

export const ORIGIN_ALONE: WrittenForm = {
  pattern: /^https?:\/\/[^/?#\s]+\/?$/,
  remedy: 'write the origin alone, without a path, such as "https://tools.example.com"',
};

/** What comes from there must come unaltered, so from https or from this machine. */
export const UNALTERED_URL: WrittenForm = {
  pattern: /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/,
  remedy: 'write an https URL',
};

export const TEAM_DOMAIN: WrittenForm = {
  pattern: /^[a-z0-9-]+\.cloudflareaccess\.com$/,
  remedy: 'write it like "team.cloudflareaccess.com"',
};

export const AUDIENCE: WrittenForm = { pattern: /./, remedy: 'write one audience or a list of them' };
