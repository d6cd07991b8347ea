/** Who speaks: a person or program that has proved it, or whoever is on this machine when no proof is asked for. */

export interface Principal {
  /** Unique among all kinds, such as `local`, `key:ci` or `jwt:https://issuer#subject`; in logs, audits and folder names. */
  readonly id: string;
  readonly kind: 'local' | 'api-key' | 'jwt' | 'cloudflare-access';
  readonly groups: readonly string[];
}

/** The user of this machine: stdio, the command line, and loopback without authentication. */
export const LOCAL: Principal = { id: 'local', kind: 'local', groups: [] };
