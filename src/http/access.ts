/** Who stands behind a request: the port that every route asks before anything else. */
import type { IncomingMessage } from 'node:http';
import { LOCAL, type Principal } from '../policy/principal.ts';

export type Access =
  | { readonly kind: 'granted'; readonly principal: Principal }
  /** `headers` such as `WWW-Authenticate` and `Retry-After`; `message` says nothing of what is behind. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly message: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** Answers at once where it can: a promise costs each request a turn. */
export type Authenticate = (request: IncomingMessage) => Access | Promise<Access>;

const EVERYBODY: Access = { kind: 'granted', principal: LOCAL };

/** For loopback, where whoever can connect is the user. */
export const trustLoopback: Authenticate = () => EVERYBODY;
