/** Keeps a serving command's configuration as its file is: by watching it, and at a signal. */
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import { listIncluded } from '../config/include-files.ts';
import type { ReloadPlan } from '../config/plan-reload.ts';
import { watchFiles } from '../config/watch.ts';
import { listInBackground } from '../gateway.ts';
import { Turns } from '../stdx/turns.ts';
import type { Invocation } from './invocation.ts';
import type { Opened } from './open.ts';

export interface Current {
  /** Reads the file and puts it into use, changed or not: secrets that it refers to may be others. */
  reload(): Promise<void>;
  /** The same, for somebody who waits for the outcome. Throws why nothing of the file is in use. */
  apply(): Promise<ReloadPlan>;
  /** What is in use. */
  readonly config: Config;
  close(): void;
}

export interface KeepCurrentOptions extends Pick<Opened, 'config' | 'gateway' | 'log' | 'load'> {
  /** What is taken over from the start whatever the file says, because this command has no use for it. */
  readonly fixed?: Partial<Config>;
}

/** Watches until it is closed. What is wrong with a changed file is logged, and what was in use stays. */
export function keepCurrent({ config, gateway, log, load, fixed = {} }: KeepCurrentOptions): Current {
  let { source } = config;
  let inUse = config;
  const applyNow = async () => {
    try {
      watch.noteSeen();
      const next = await load();
      source = next.source;
      const plan = await gateway.reload({ ...next, ...fixed });
      inUse = { ...next, ...fixed };
      void listInBackground(gateway, log);
      return plan;
    } catch (error) {
      gateway.refuseConfig(error);
      throw error;
    }
  };
  // In turns, so that a file that was read earlier is not put into use later.
  const turns = new Turns(1);
  const apply = () => turns.run(applyNow);
  const reload = async () => void (await apply().catch(() => undefined));
  const watch = watchFiles({
    files: () => [source.file, ...listIncluded(source.include)],
    folders: () => source.include.map((pattern) => dirname(pattern)),
    onChange: () => void reload(),
  });
  return {
    reload,
    apply,
    get config() {
      return inUse;
    },
    close: () => watch.close(),
  };
}

/** There SIGHUP means that the window was closed, not that somebody asks for a reload. */
export const isAtTerminal = ({ stdout, stderr }: Invocation): boolean => stdout.isTTY === true || stderr.isTTY === true;
