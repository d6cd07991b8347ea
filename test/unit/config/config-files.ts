/** Writes configuration files into a folder that is gone after the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Config, ServerConfig } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { LoadOptions } from '../../../src/config/resolve.ts';
import { GatewayError } from '../../../src/errors.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tooldex-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeConfig(text: string, name = 'tooldex.yaml', folder = temporaryFolder()): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

export async function load(text: string, options: Partial<LoadOptions> & { name?: string } = {}): Promise<Config> {
  const { name, ...rest } = options;
  return loadConfig({ file: writeConfig(text, name), env: {}, ...rest });
}

/** The problems of a file, without its folder: `tooldex.yaml:1:2: message`. */
export async function problems(
  text: string,
  options: Partial<LoadOptions> & { name?: string } = {},
): Promise<string[]> {
  const file = writeConfig(text, options.name);
  try {
    await loadConfig({ env: {}, ...options, file });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message.split('\n').map((line) => line.replaceAll(`${dirname(file)}/`, ''));
  }
  return [];
}

/** The only server of the configuration, of the runtime that is asked for. */
export function only<Runtime extends ServerConfig['runtime']>(
  config: Config,
  runtime: Runtime,
): Extract<ServerConfig, { runtime: Runtime }> {
  const [server] = config.servers.values();
  if (config.servers.size !== 1 || server?.runtime !== runtime) throw new Error(`expected one ${runtime} server`);
  return server as Extract<ServerConfig, { runtime: Runtime }>;
}
