/** The strict shape of what a remote server has beside its address: login, network and trust. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { duration, keys } from './schema-values.ts';

const text = () => z.string().min(1);
const address = () => z.string().regex(/^(https?:\/\/|\$\{)/, { error: 'write an http or https URL' });

const oauth = keys({
  client_id: text().optional().meta({
    description: 'Client that is registered already. Without it Tooldex registers itself where the server lets it.',
  }),
  client_secret: text().optional().meta({ description: 'Its secret, as a reference such as `${env:CLIENT_SECRET}`.' }),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'a scope has no spaces and no quotes' }))
    .min(1)
    .optional()
    .meta({ description: 'Rights to ask for. Default: those that the server names.', examples: [['read']] }),
  grant: z.enum(['authorization_code', 'client_credentials']).optional().meta({
    description:
      '`authorization_code`: a person logs in with `tooldex login`. `client_credentials`: a machine, by its id and secret.',
    default: 'authorization_code',
  }),
  issuer: address().optional().meta({
    description:
      'The only authorization server that gets the secret of `client_credentials`. Default: the one the server names.',
  }),
  redirect_port: z.int().min(1).max(65_535).optional().meta({
    description: 'Port on 127.0.0.1 that the browser returns to, where it was registered. Default: a free one.',
  }),
});

export const remoteAccess = {
  oauth: oauth.optional().meta({
    description: 'How to log in at a server that wants OAuth. Needed only for what it cannot find out by itself.',
  }),
  allow_private: z.boolean().optional().meta({
    description:
      'Whether the server may lead to private addresses (its authorization server). Default: `true` if `url` is one itself, or localhost.',
  }),
  proxy: z
    .string()
    .regex(/^(none$|https?:\/\/|\$\{)/, { error: 'write "none" or the http or https URL of the proxy' })
    .optional()
    .meta({
      description: 'URL of the proxy to this server, or `none`. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.',
    }),
  ca_file: text().optional().meta({ description: 'PEM file of certificates to trust besides the usual ones.' }),
  connect_timeout: duration()
    .optional()
    .meta({ description: 'From a request until there is a connection.', default: DEFAULTS.connectTimeout }),
  read_timeout: duration()
    .optional()
    .meta({
      description:
        'An answer or stream that has begun and is silent for so long is taken for dead, and its connection closed. ' +
        'Default: never, for calls have `limits` and a stream may have nothing to say.',
      examples: ['5m'],
    }),
};

/** The secret that logins are encrypted with. */
export const tokenKey = z
  .string()
  .min(1)
  .meta({
    description:
      'Secret that logins at remote servers are encrypted with, 32 characters of chance or more. Default: a key file in the data folder.',
    examples: ['${env:TOOLDEX_TOKEN_KEY}'],
  });

export type OAuthDocument = z.infer<typeof oauth>;
