/** `tooldex upgrade`: what newer versions of packages change in their tools, and taking them with --write. */
import { version } from '../../package.json';
import { visible } from '../catalog/definition-diff.ts';
import type { ToolChanges } from '../catalog/tool-changes.ts';
import { loadConfigCached } from '../config/load-config.ts';
import { explain, GatewayError } from '../errors.ts';
import { type Examined, openUpgrades, type Upgrades } from '../gateway-upgrade.ts';
import { forEyes } from '../stdx/unseen.ts';
import { edited, NOBODY_ASKED, save } from './edit-file.ts';
import { type CommonFlags, type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { loadOptions } from './open.ts';
import { withProgress } from './progress.ts';

export interface UpgradeFlags extends CommonFlags {
  readonly write?: boolean;
}

/** Exit code 1 when one of several could not be examined. */
export async function upgrade(invocation: Invocation, names: readonly string[], flags: UpgradeFlags): Promise<number> {
  const config = await loadConfigCached(loadOptions(invocation, flags));
  const upgrades = openUpgrades({ config, env: invocation.env, version });
  try {
    const wanted = names.length > 0 ? names : upgrades.servers;
    if (wanted.length === 0) throw noServers();
    const rows: Row[] = [];
    for (const name of new Set(wanted)) {
      const row = await examine(upgrades, name, { invocation, flags }).catch((error: unknown) =>
        failed(name, error, wanted),
      );
      rows.push(row);
      if (!flags.json) show(invocation, row);
    }
    if (flags.json) printJson(invocation, { servers: rows });
    else tellWhatNext(invocation, rows);
    return rows.some(({ error }) => error !== undefined) ? 1 : 0;
  } finally {
    await upgrades.close();
  }
}

interface Row extends Partial<ToolChanges> {
  readonly server: string;
  readonly from?: string;
  readonly to?: string;
  readonly isNewer?: boolean;
  readonly argument?: Examined['argument'];
  readonly note?: string | undefined;
  readonly written?: boolean;
  readonly error?: string;
}

interface Context {
  readonly invocation: Invocation;
  readonly flags: UpgradeFlags;
}

async function examine(upgrades: Upgrades, server: string, { invocation, flags }: Context): Promise<Row> {
  const found = await withProgress(invocation, (tellProgress) =>
    upgrades.examine(server, (message) => tellProgress(server, message)),
  );
  try {
    const { from, to, changes, argument, note } = found;
    if (!changes) return { server, from, to, isNewer: false, written: false };
    const row = { server, from, to, isNewer: true, argument, note, ...changes };
    if (!flags.write) return { ...row, written: false };
    const edit = argument && edited(invocation, flags, [{ kind: 'argument', name: server, ...argument }]);
    await found.adopt();
    if (edit) save(invocation, edit);
    return { ...row, written: true };
  } finally {
    await found.discard();
  }
}

/** One that was asked for alone fails as a whole; among several it is a row. */
function failed(server: string, error: unknown, wanted: readonly string[]): Row {
  if (wanted.length === 1) throw error;
  return { server, error: explain(error) };
}

function show(invocation: Invocation, row: Row): void {
  for (const line of describe(invocation, row)) print(invocation, line);
}

function describe({ stdout, env }: Invocation, row: Row): string[] {
  const { server, from, to, isNewer, note, written, error } = row;
  if (error !== undefined) return [`${paint(stdout, 'red', 'failed', env)} ${server}: ${forEyes(error)}`];
  if (!isNewer) return [`${server}: ${from} is installed, nothing newer${from === to ? '' : ` (there is ${to})`}`];
  const tools = describeTools(row);
  return [
    `${server}: ${from} -> ${to}${written ? paint(stdout, 'green', ' upgraded', env) : ''}`,
    ...(note === undefined ? [] : [`  note: ${note}`]),
    ...(tools.length > 0 ? tools : ['  its tools stay the same']),
  ];
}

function describeTools({ added = [], removed = [], changed = [] }: Partial<ToolChanges>): string[] {
  return [
    ...added.map((name) => `  + ${visible(name)}: new`),
    ...removed.map((name) => `  - ${visible(name)}: gone`),
    ...changed.flatMap(({ tool, diff }) => [`  ~ ${visible(tool)}: changed`, ...diff.map((line) => `      ${line}`)]),
  ];
}

function tellWhatNext(invocation: Invocation, rows: readonly Row[]): void {
  const written = rows.filter((row) => row.written).map(({ server }) => server);
  if (rows.some((row) => row.written && row.argument)) tell(invocation, NOBODY_ASKED);
  if (written.length > 0) {
    tell(
      invocation,
      `hint: the next start takes it; "tooldex index ${written.join(' ')}" takes the new tools into search`,
    );
  } else if (rows.some(({ isNewer }) => isNewer)) tell(invocation, 'hint: this was a preview; --write upgrades');
}

function noServers(): GatewayError {
  return new GatewayError('USAGE', 'no enabled server runs a package, so there is nothing to upgrade', {
    hint: 'Only what npx, npm exec, bunx, uvx, pipx run and their like start can be upgraded.',
  });
}
