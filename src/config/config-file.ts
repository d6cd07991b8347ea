/** The configuration file of a running gateway: edited and put into use in one go, for whoever administers it from outside. */
import { explain, GatewayError } from '../errors.ts';
import type { Config } from './config.ts';
import type { EditedConfig } from './edit-config.ts';
import type { ServerEdit } from './edit-server.ts';
import { loadConfig } from './load-config.ts';
import { planReload, type ReloadPlan, refuseStaticChanges } from './plan-reload.ts';
import type { LoadOptions } from './resolve.ts';
import { referenceSecrets, unsetVariables } from './secret-values.ts';

export interface ConfigFile {
  /** What is in use. */
  readonly current: Config;
  /** Reads the file and puts it into use. Throws CONFIG_INVALID; what was in use stays then. */
  reload(): Promise<ReloadPlan>;
  /** What that would do, of which nothing is done. Throws CONFIG_INVALID. */
  plan(): Promise<ReloadPlan>;
  /** Writes these edits and puts them into use. Throws what `editConfig` does, but ARGUMENTS_INVALID for edits that cannot be. */
  edit(edits: readonly ServerEdit[]): Promise<Applied>;
  /** As `tooldex add` writes it: secrets as references, disabled while a variable is not set. */
  prepare(name: string, entry: Readonly<Record<string, unknown>>): PreparedEntry;
}

export interface Applied {
  /** What was written. */
  readonly files: readonly string[];
  readonly plan: ReloadPlan;
}

export interface PreparedEntry {
  readonly entry: Readonly<Record<string, unknown>>;
  /** Names of variables that the entry needs and that are not set. */
  readonly unset: readonly string[];
}

export interface ConfigFileOptions {
  /** Asked at each edit: the first one may have moved the configuration to a file of the user's own. */
  readonly loadOptions: () => LoadOptions;
  /** Where edits belong instead of this file; undefined when they belong into it. */
  readonly ownFile: (file: string) => string | undefined;
  readonly current: () => Config;
  readonly reload: () => Promise<ReloadPlan>;
}

export function createConfigFile({ loadOptions, ownFile, current, reload }: ConfigFileOptions): ConfigFile {
  return {
    get current() {
      return current();
    },
    reload,
    plan: async () => planReload(current(), await loadConfig(loadOptions())),
    edit: async (edits) => {
      const edited = await editOf(loadOptions(), edits);
      refuseStaticChanges(planReload(current(), edited.config));
      const { writeEdited } = await import('./edit-config.ts');
      const files = writeEdited(edited, ownFile(edited.main));
      return { files, plan: await reload() };
    },
    prepare: (name, given) => {
      const { entry } = referenceSecrets(name, given);
      const unset = unsetVariables(entry, loadOptions().env);
      return { entry: unset.length > 0 ? { ...entry, enabled: false } : entry, unset };
    },
  };
}

/**
 * A file that does not load without the edits either is not the fault of whoever asks for them. The parser and the schema,
 * which most gateways never need, come with the first edit.
 */
async function editOf(options: LoadOptions, edits: readonly ServerEdit[]): Promise<EditedConfig> {
  const { editConfig } = await import('./edit-config.ts');
  try {
    return editConfig(options, edits);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID') throw error;
    editConfig(options, []);
    throw new GatewayError('ARGUMENTS_INVALID', `the file would not load any more: ${error.message}`, {
      hint: 'nothing was written; places are those of the file as it would be',
      cause: explain(error),
    });
  }
}
