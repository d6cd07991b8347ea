/** The strict shape of who may reach the gateway from where: `auth`, and what `listen` says of proxies and names. */
import * as z from 'zod';
import { keys } from './schema-values.ts';

const publicUrl = z
  .string()
  .regex(/^(https?:\/\/[^/?#\s]+\/?$|\$\{)/, { error: 'write the origin alone, such as "https://tools.example.com"' });

const hostName = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:/?#@\s]+)$/, { error: 'write a host name without scheme, port and path' });

const origin = z
  .string()
  .regex(/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/, { error: 'write an origin, such as "https://chat.example.com"' });

const network = z.string().regex(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, {
  error: 'write an address or a network, such as "127.0.0.1" or "172.16.0.0/12"',
});

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

export const auth = keys({
  api_keys: z.boolean().optional().meta({
    description: 'Keys that `tooldex key create` makes, sent as `Authorization: Bearer` or `X-API-Key`.',
    default: false,
  }),
});

export type AuthDocument = z.infer<typeof auth>;
