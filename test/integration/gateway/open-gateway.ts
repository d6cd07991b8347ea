/** A gateway over fixture servers, built as the program builds it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createGateway, type Gateway } from '../../../src/gateway.ts';
import type { CallContext } from '../../../src/meta-tools/parts.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const MODEL_FOLDER = fileURLToPath(new URL('../../../index/model', import.meta.url));

export interface TestServer {
  readonly fixture: string;
  readonly args?: readonly string[];
  /** Further keys of its entry in the configuration. */
  readonly keys?: JsonObject;
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly folder: string;
  readonly config: Config;
  readonly log: readonly string[];
  /** Calls a meta-tool; the texts of its answer, and whether it is an error. */
  call(tool: string, given: unknown, context?: Partial<CallContext>): Promise<CallOutcome>;
}

export interface CallOutcome {
  readonly result: JsonObject;
  readonly text: string;
  readonly isError: boolean;
}

/** Closed when the test ends; `keys` are further ones of its configuration. A `folder` of an earlier gateway makes it the next start of the same. */
export async function openTestGateway(
  servers: Readonly<Record<string, TestServer>>,
  folder = tempDir('gateway'),
  keys: JsonObject = {},
): Promise<TestGateway> {
  const file = join(folder, 'tooldex.json');
  writeFileSync(file, JSON.stringify({ servers: Object.fromEntries(Object.entries(servers).map(toEntry)), ...keys }));
  const env = { PATH: process.env.PATH, TOOLDEX_TEST_RUN: process.env.TOOLDEX_TEST_RUN };
  const config = await loadConfig({ file, env, dataDirDefault: join(folder, 'data') });
  const log: string[] = [];
  const gateway = createGateway({
    config,
    version: '0.0.0',
    env: process.env,
    modelFolder: MODEL_FOLDER,
    log: Object.assign(
      (level: string, text: string, request?: string) => {
        log.push(`${level} ${text}${request === undefined ? '' : ` [${request}]`}`);
      },
      { has: (level: string) => level !== 'debug' || config.log.level === 'debug' },
    ),
  });
  onTestFinished(() => gateway.close());
  const call: TestGateway['call'] = async (tool, given, context) => {
    const result = await gateway.calls.call(tool, given, {
      principal: LOCAL,
      signal: new AbortController().signal,
      ...context,
    });
    if (!result) throw new Error(`there is no meta-tool ${tool}`);
    return { result, text: textOf(result), isError: result.isError === true };
  };
  return { gateway, config, folder, log, call };
}

function toEntry([name, { fixture, args = [], keys = {} }]: [string, TestServer]): [string, JsonObject] {
  const line = fixtureServer(fixture, ...args);
  return [name, { command: line.command, args: line.args, ...keys }];
}

function textOf({ content }: JsonObject): string {
  const blocks = Array.isArray(content) ? content : [];
  return blocks.map((block) => String((block as { text?: unknown }).text ?? '')).join('\n');
}
