/** `tooldex eval`: measures how well tools are found, on files of judged queries or on the user's own catalog. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenSet } from '../../index/evaluation/golden-set.ts';
import type { EvalEngine } from '../../index/evaluation/run-eval.ts';
import { IndexError } from '../../index/index-error.ts';
import type { EmbedderConfig } from '../config/config.ts';
import { DEFAULTS } from '../config/defaults.ts';
import { documentOf } from '../discovery/document-of.ts';
import { explain, GatewayError } from '../errors.ts';
import { type EvaluatedEngine, evaluatedSources } from '../gateway-search.ts';
import { type Closing, closeEach } from '../stdx/close-each.ts';
import type { JsonObject } from '../stdx/json.ts';
import { createAnswerTokens, type Schemas } from './answer-tokens.ts';
import { downloadBar } from './download-bar.ts';
import { type CommonFlags, type Invocation, print, printJson, tell } from './invocation.ts';
import { type Opened, openGateway } from './open.ts';
import { withProgress } from './progress.ts';

export interface EvalFlags extends CommonFlags {
  readonly corpus?: string;
  readonly queries?: string;
  readonly noanswer?: string;
  readonly top?: number;
  readonly embedder?: readonly string[];
  readonly store?: 'embedded' | 'chroma';
}

export async function evaluate(invocation: Invocation, flags: EvalFlags): Promise<number> {
  const { corpus, queries, noanswer } = flags;
  const isOwn = [corpus, queries, noanswer].every((file) => file === undefined);
  const opened = await openGateway(invocation, flags, { levelMin: 'off' });
  const cleanups: Closing[] = [];
  try {
    const { schemas, ...set } = isOwn ? await ownCatalog(invocation, opened) : await readFiles(flags);
    const { remarks } = await import('../../index/evaluation/remarks.ts');
    for (const remark of remarks(set)) tell(invocation, `note: ${remark}`);
    const { runEval } = await import('../../index/evaluation/run-eval.ts');
    const engines = chooseEngines(opened, flags).map((engine) =>
      toEvalEngine(engine, { invocation, opened, flags, cleanups }),
    );
    const { top } = flags;
    const answerTokens = createAnswerTokens(set.documents, schemas);
    const progress = (line: string) => tell(invocation, line);
    const output = await runEval({
      ...set,
      statistics: await statistics(invocation),
      engines,
      top,
      answerTokens,
      progress,
    });
    if (flags.json) printJson(invocation, output);
    else print(invocation, (await import('../../index/evaluation/render-eval.ts')).renderEval(output));
    return 0;
  } catch (error) {
    throw error instanceof IndexError ? unavailable(error) : error;
  } finally {
    const told = (error: unknown) => tell(invocation, `warning: while closing: ${explain(error)}`);
    await closeEach([...cleanups, () => opened.gateway.close()], told);
  }
}

/** A model, a store or their server: nothing that is wrong with Tooldex. */
function unavailable(cause: IndexError): GatewayError {
  const code = cause.fault === 'invalid-option' ? 'CONFIG_INVALID' : 'RUNTIME_UNAVAILABLE';
  return new GatewayError(code, cause.message, { ...(cause.hint ? { hint: cause.hint } : {}), cause });
}

const modelFolder = ({ packageRoot }: Invocation) => join(packageRoot, 'index', 'model');

async function statistics(invocation: Invocation) {
  const { parseWordStatistics } = await import('../../index/lexical/word-statistics.ts');
  return parseWordStatistics(await readFile(join(modelFolder(invocation), 'word-statistics.txt')));
}

/** What is asked of which tools; their schemas, which answers show, by id. */
interface Measured extends GoldenSet {
  readonly schemas: Schemas;
}

async function readFiles({ corpus, queries, noanswer }: EvalFlags): Promise<Measured> {
  if (corpus === undefined || queries === undefined) {
    throw new GatewayError('USAGE', '--corpus and --queries need each other, and --noanswer needs both', {
      hint: 'without any of them, your own catalog is measured',
    });
  }
  const { parseCorpus, parseQueries, parseSchemas, parseUnanswerable } = await import(
    '../../index/evaluation/judged-query.ts'
  );
  return {
    documents: await readLines(corpus, notEmpty(parseCorpus)),
    schemas: parseSchemas(await readFile(corpus, 'utf8')),
    queries: await readLines(queries, notEmpty(parseQueries)),
    noAnswer: noanswer === undefined ? [] : await readLines(noanswer, parseUnanswerable),
  };
}

type Parse<Row> = (text: string) => Row[];

/** Figures of nothing would all be 0 and look like a verdict on the engine. */
function notEmpty<Row>(parse: Parse<Row>): Parse<Row> {
  return (text) => {
    const rows = parse(text);
    if (rows.length === 0) throw new Error('it is empty');
    return rows;
  };
}

async function readLines<Row>(file: string, parse: Parse<Row>): Promise<Row[]> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('USAGE', `cannot use ${file}: ${reason}`, { hint: 'one JSON object a line', cause });
  }
}

/** Requests made by rule from the tools that are known, with some tools left out for "nothing fits". */
async function ownCatalog(invocation: Invocation, { gateway }: Opened): Promise<Measured> {
  const { catalog, directory, discovery } = await gateway.open();
  await withProgress(invocation, (onProgress) => discovery.listMissing({ onProgress }));
  const schemas = new Map<string, JsonObject>();
  const documents = directory.names().flatMap((name) => {
    const [known, listing] = [directory.get(name), catalog.listing(name)];
    const tools = known && listing ? catalog.tools(name).filter((tool) => known.allows(tool.name)) : [];
    if (!known || !listing) return [];
    return tools.flatMap((tool) => {
      const document = documentOf(tool, known, listing);
      if (document) schemas.set(document.id, tool.definition.inputSchema);
      return document ?? [];
    });
  });
  if (documents.length === 0) {
    throw new GatewayError('USAGE', 'no tools are known to measure with', { hint: 'run "tooldex index" first' });
  }
  const { goldenSet } = await import('../../index/evaluation/golden-set.ts');
  return { ...goldenSet(documents), schemas };
}

/** Those that were asked for, the first being what the others are compared with; else the configured one and our own. */
function chooseEngines({ config }: Opened, { embedder: asked }: EvalFlags): EvaluatedEngine[] {
  const { embedder: configured } = config.search;
  if (!asked) {
    const own: EvaluatedEngine[] = [configured.kind === 'builtin' ? configured : BUILTIN, { kind: 'static' }, 'words'];
    return own.some((each) => each !== 'words' && each.kind === configured.kind) ? own : [configured, ...own];
  }
  return asked.map((kind) => {
    if (kind === 'words') return kind;
    if (kind === configured.kind) return configured;
    if (kind === 'builtin') return BUILTIN;
    if (kind === 'static') return { kind };
    if (kind === 'transformers') return SHIPPED_TRANSFORMERS;
    throw new GatewayError('USAGE', `the embedder "${kind}" is not configured`, {
      hint: 'choose words, static, builtin or transformers, or configure search.embedder',
    });
  });
}

const BUILTIN: EmbedderConfig = { kind: 'builtin', encoderMaxTools: DEFAULTS.encoderMaxTools };

const SHIPPED_TRANSFORMERS: EmbedderConfig = {
  kind: 'transformers',
  model: undefined,
  offline: true,
  hubToken: undefined,
};

interface EngineParts {
  readonly invocation: Invocation;
  readonly opened: Opened;
  readonly flags: EvalFlags;
  readonly cleanups: Closing[];
}

function toEvalEngine(engine: EvaluatedEngine, { invocation, opened, flags, cleanups }: EngineParts): EvalEngine {
  if (engine === 'words') return { name: 'words' };
  const { config } = opened;
  const name = 'model' in engine && engine.model ? `${engine.kind} ${engine.model}` : engine.kind;
  const search = { ...config.search, store: storeOf(opened, flags) };
  const open = () =>
    evaluatedSources(engine, {
      config: { ...config, search },
      env: invocation.env,
      modelFolder: modelFolder(invocation),
      alsoClose: (close) => cleanups.push(close),
      onDownload: downloadBar(invocation),
    });
  return { name: search.store.kind === 'chroma' ? `${name} in chroma` : name, open };
}

/** Collections of their own, so that an evaluation never touches those that are searched. */
function storeOf({ config }: Opened, { store }: EvalFlags) {
  const configured = config.search.store;
  if (store === 'embedded' || (store === undefined && configured.kind === 'embedded'))
    return { kind: 'embedded' } as const;
  const chroma = configured.kind === 'chroma' ? configured : OWN_CHROMA;
  return { ...chroma, collectionPrefix: `${chroma.collectionPrefix}-eval-${process.pid}` };
}

const OWN_CHROMA = {
  kind: 'chroma',
  url: undefined,
  tenant: undefined,
  database: undefined,
  apiKey: undefined,
  headers: {},
  collectionPrefix: 'tooldex',
} as const;
