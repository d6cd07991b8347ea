/** The strict shape of who may reach the gateway from where: `auth`, and what `listen` says of proxies and names. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { duration, formed, keys } from './schema-values.ts';
import { AUDIENCE, ORIGIN_ALONE, TEAM_DOMAIN, UNALTERED_URL } from './written-forms.ts';

const publicUrl = formed(ORIGIN_ALONE);

const hostName = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:/?#@\s]+)$/, { error: 'write a host name without scheme, port and path' });

const origin = z
  .string()
  .regex(/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/, { error: 'write an origin, such as "https://chat.example.com"' });

const networkRemedy = 'write an address or a network, such as "127.0.0.1" or "172.16.0.0/12"';
const network = z
  .string()
  .regex(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, { error: networkRemedy })
  .refine(isNetwork, { error: networkRemedy });

function isNetwork(text: string): boolean {
  const [address = '', prefix = '0'] = text.split('/');
  return Number(prefix) <= ({ 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1);
}

/** Further keys of `listen`. */
export const listenAccess = {
  public_url: publicUrl.optional().meta({
    description: 'What clients call the gateway, where that is another name, as behind a proxy. Its host is let in.',
    examples: ['https://tools.example.com'],
  }),
  allowed_hosts: z.array(hostName).optional().meta({
    description: 'Further names that requests may carry in Host, besides those of this machine and `public_url`.',
  }),
  allowed_origins: z.array(origin).optional().meta({
    description: 'Web pages that may use the gateway, besides its own origin.',
  }),
  trusted_proxies: z
    .array(network)
    .optional()
    .meta({
      description: 'Addresses of proxies whose `X-Forwarded-*` headers are believed. Without it: nobody’s.',
      examples: [['127.0.0.1', '::1']],
    }),
};

const audience = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: AUDIENCE.remedy,
});

const jwt = keys(
  {
    issuer: formed(UNALTERED_URL).meta({
      description: 'The authorization server, exactly as `iss` names it in its tokens.',
    }),
    audience: audience.meta({
      description: 'What `aud` must name: the token was given out for this gateway and no other. One or several.',
      examples: ['https://tools.example.com/mcp'],
    }),
    jwks_url: formed(UNALTERED_URL).optional().meta({
      description: 'Where its keys are. Default: what its `/.well-known/openid-configuration` says.',
    }),
    groups_claim: z.string().min(1).optional().meta({
      description: 'The claim with the groups: a list, or words with spaces between.',
      default: DEFAULTS.groupsClaim,
    }),
    clock_skew: duration().optional().meta({
      description: 'How far the clocks may be apart.',
      default: DEFAULTS.clockSkew,
    }),
  },
  '{issuer: https://login.example.com/, audience: https://tools.example.com/mcp}',
);

const cloudflareAccess = keys({
  team_domain: formed(TEAM_DOMAIN).meta({
    description: 'The team’s domain.',
    examples: ['team.cloudflareaccess.com'],
  }),
  audience: audience.meta({ description: 'The Application Audience (AUD) Tag of the application. One or several.' }),
});

export const auth = keys({
  api_keys: z.boolean().optional().meta({
    description: 'Keys that `tooldex key create` makes, sent as `Authorization: Bearer` or `X-API-Key`.',
    default: false,
  }),
  jwt: z.array(jwt).min(1).optional().meta({
    description:
      'Authorization servers (OAuth 2, OpenID Connect) whose tokens are accepted as `Authorization: Bearer`.',
  }),
  cloudflare_access: cloudflareAccess.optional().meta({
    description: 'Cloudflare Access in front: its `Cf-Access-Jwt-Assertion` is checked. Not its cookie.',
  }),
});

export type AuthDocument = z.infer<typeof auth>;
