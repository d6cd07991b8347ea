/** Everything that is asked of a request before a route sees it: its names, then who stands behind it. */
import type { IncomingMessage } from 'node:http';
import type { Rate } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { RateLimiter } from '../policy/rate-limiter.ts';
import { isLoopback } from '../stdx/loopback.ts';
import { type Authenticate, trustLoopback } from './access.ts';
import { createAuthenticate, type Verifiers } from './authenticate.ts';
import { createForwarded } from './forwarded.ts';
import { createNameGuard, type KnownNames, type NameGuard } from './name-guard.ts';
import { slowingDown } from './slow-down.ts';

export interface Door {
  readonly refusal: NameGuard;
  readonly authenticate: Authenticate;
  /** The same for a request that was let in before; undefined where nobody is asked. */
  readonly askAgain: Authenticate | undefined;
  /** As far as it is known; of headers only what listed proxies wrote is believed. */
  readonly clientAddress: (request: IncomingMessage) => string;
  readonly isFromProxy: (request: IncomingMessage) => boolean;
  /** Undefined where nobody is asked for a token. */
  readonly metadata:
    | { readonly baseUrl: (request: IncomingMessage) => string; readonly issuers: readonly string[] }
    | undefined;
}

export interface DoorOptions extends KnownNames {
  readonly trustedProxies: readonly string[];
  /** Undefined: nobody is asked who they are. */
  readonly auth: DoorAuth | undefined;
}

export interface DoorAuth {
  readonly verifiers: Verifiers;
  readonly isApiKey: (credential: string) => boolean;
  /** Authorization servers whose tokens are accepted. */
  readonly issuers: readonly string[];
  readonly limiter: RateLimiter;
  /** Wrong credentials from one address. */
  readonly failures: Rate;
}

/** Throws LISTEN_FAILED when the network could come in and nobody would be asked. */
export function createDoor(options: DoorOptions): Door {
  const { host, auth, publicUrl, trustedProxies } = options;
  const refusal = createNameGuard(options);
  const isOurs = (name: string) => refusal({ host: name }) === undefined;
  const { baseUrl, clientAddress, isFromProxy } = createForwarded({ publicUrl, trustedProxies, isOurs });
  if (!auth) {
    if (!isLoopback(host)) throw openToTheNetwork(host);
    return {
      refusal,
      authenticate: trustLoopback,
      askAgain: undefined,
      clientAddress,
      isFromProxy,
      metadata: undefined,
    };
  }
  const { verifiers, isApiKey, issuers, limiter, failures: rate } = auth;
  const authenticate = createAuthenticate({ verifiers, isApiKey, baseUrl });
  return {
    refusal,
    askAgain: authenticate,
    authenticate: slowingDown(authenticate, { limiter, rate, clientAddress }),
    clientAddress,
    isFromProxy,
    metadata: { baseUrl, issuers },
  };
}

function openToTheNetwork(host: string): GatewayError {
  return new GatewayError(
    'LISTEN_FAILED',
    `refusing to listen on ${host}: without "auth" others could run your servers`,
    {
      hint: 'add these two lines to the configuration, then make a key with "tooldex key create <name>":\nauth:\n  api_keys: true',
    },
  );
}
