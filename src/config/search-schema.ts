/** The strict shape of `search` in a configuration file. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { keys } from './schema-values.ts';

const text = () => z.string().min(1);
const headers = z.record(z.string().regex(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/), z.string());
const address = () => z.string().regex(/^(https?:\/\/|\$\{)/, { error: 'write an http or https URL' });

const builtin = keys({
  kind: z.literal('builtin').meta({
    description:
      'The two models that Tooldex ships: a static one that answers at once, and an encoder, asked where the first leaves doubts, once it has read all tools in the background.',
  }),
  encoder_max_tools: z.int().min(0).max(1_000_000).optional().meta({
    description:
      'Among more tools than these the encoder reads nothing and is not asked, and nothing of it is in memory: the static model answers alone, which finds less in a crowd. 1,000 tools take about 7 s of one core, once. 0 is never.',
    default: DEFAULTS.encoderMaxTools,
  }),
});

const staticOnly = keys({
  kind: z.literal('static').meta({
    description: 'The static one of them alone: less memory and no work in the background, for less good results.',
  }),
});

const transformers = keys({
  kind: z.literal('transformers').meta({ description: 'A model that runs here, by @huggingface/transformers.' }),
  model: text().optional().meta({
    description: 'Id on the Hugging Face hub, or a folder (`./model`). Default: the model that Tooldex ships.',
  }),
  revision: text().optional().meta({ description: 'Branch, tag or commit of the model on the hub.', default: 'main' }),
  dtype: text().optional().meta({ description: 'Precision, as the library names it, such as `q8` or `fp32`.' }),
  offline: z
    .boolean()
    .optional()
    .meta({ description: 'Never download: what is not in a folder or the cache is missing.', default: false }),
  hub: address().optional().meta({ description: 'Another hub, such as a mirror in the company.' }),
  hub_token: text().optional().meta({ description: 'For private models, as a reference such as `${env:HF_TOKEN}`.' }),
});

const openai = keys({
  kind: z.literal('openai').meta({ description: 'Any endpoint that speaks OpenAI’s `/v1/embeddings`.' }),
  url: address().meta({
    description: 'For example `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1` (Ollama).',
  }),
  model: text().meta({ description: 'As the endpoint names it.' }),
  api_key: text().optional().meta({ description: 'As a reference such as `${env:OPENAI_API_KEY}`.' }),
  dimensions: z
    .int()
    .min(8)
    .max(8_192)
    .optional()
    .meta({ description: 'Shorter vectors, where the model can make them.' }),
  headers: headers.optional().meta({ description: 'Further headers, as some providers want them.' }),
});

const embedded = keys({
  kind: z.literal('embedded').meta({ description: 'In memory, and in the data folder from start to start.' }),
});

const chroma = keys({
  kind: z.literal('chroma').meta({ description: 'A Chroma server, Chroma Cloud, or one that Tooldex starts itself.' }),
  url: address().optional().meta({
    description:
      'Where Chroma is. Without it Tooldex starts and stops one of its own, by `chroma` or `uvx`; gateways with one data folder share it.',
  }),
  api_key: text().optional().meta({ description: 'Token of the server, as a reference.' }),
  headers: headers.optional().meta({ description: 'Further headers, such as `authorization`.' }),
  tenant: text().optional().meta({ description: 'Default: what the server names for these credentials.' }),
  database: text().optional().meta({ description: 'Default: what the server names for these credentials.' }),
  collection_prefix: text().optional().meta({
    description: 'Gateways that share one share their collections.',
    default: DEFAULTS.collectionPrefix,
  }),
});

/** For a value whose `kind` is none of these. */
const oneOf = (...kinds: string[]) => ({
  error: ({ code }: { code?: string }) =>
    code === 'invalid_union' || code === 'invalid_type'
      ? `write it like {kind: ${kinds[0]}}; the kinds are ${kinds.join(', ')}`
      : undefined,
});

export const search = keys({
  limit: z
    .int()
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'Tools in an answer when the agent asks for no number.', default: DEFAULTS.searchLimit }),
  max_tokens: z
    .int()
    .min(100)
    .max(100_000)
    .optional()
    .meta({ description: 'Length of an answer when the agent asks for none.', default: DEFAULTS.searchTokensMax }),
  embedder: z
    .discriminatedUnion(
      'kind',
      [builtin, staticOnly, transformers, openai],
      oneOf('builtin', 'static', 'transformers', 'openai'),
    )
    .optional()
    .meta({
      description:
        'What turns texts into vectors; the built-in static model serves while another is indexing. Default: `{kind: builtin}`.',
    }),
  store: z
    .discriminatedUnion('kind', [embedded, chroma], oneOf('embedded', 'chroma'))
    .optional()
    .meta({ description: 'Where the vectors are kept. Default: `{kind: embedded}`.' }),
});

export type SearchDocument = z.infer<typeof search>;
