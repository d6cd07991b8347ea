/** Who Tooldex says it is, to clients and to upstream servers. */

export interface Identity {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

export const identityOf = (version: string): Identity => ({ name: 'tooldex', title: 'Tooldex', version });
