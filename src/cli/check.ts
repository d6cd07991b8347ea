/** `tooldex check`: whether the configuration is valid, what it would run, and what it would change. */
import { type ConfigPlan, checkConfig, type PlannedServer } from '../config/check-config.ts';
import { lastUsedConfig, loadConfig } from '../config/load-config.ts';
import { describeReload, planReload, type ReloadPlan } from '../config/plan-reload.ts';
import { type AdminFlags, runningGateway } from './admin-client.ts';
import { type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { type ListenFlags, loadOptions } from './open.ts';

export async function check(invocation: Invocation, flags: AdminFlags & ListenFlags): Promise<number> {
  const plan = await checkConfig(loadOptions(invocation, flags));
  const change = await changeOf(invocation, flags);
  if (flags.json) printJson(invocation, { ...plan, change: change ?? null });
  else printPlan(invocation, plan);
  if (change && !flags.json) printChange(invocation, change);
  return 0;
}

/** What the file would change, against what a gateway has in use or else a command has used last. */
interface Change {
  readonly gateway: string | null;
  readonly plan: ReloadPlan;
}

async function changeOf(invocation: Invocation, flags: AdminFlags & ListenFlags): Promise<Change | undefined> {
  const gateway = await runningGateway(invocation, flags);
  if (gateway) {
    const { plan } = await gateway.ask('GET', '/api/plan');
    return { gateway: gateway.url, plan: plan as unknown as ReloadPlan };
  }
  const options = loadOptions(invocation, flags);
  const last = lastUsedConfig(options);
  return last && { gateway: null, plan: planReload(last, await loadConfig(options)) };
}

function printChange(invocation: Invocation, { gateway, plan }: Change): void {
  const against = gateway === null ? 'against what was used last' : `against the gateway at ${gateway}`;
  print(invocation, `${against}: ${describeReload(plan)}`);
  if (plan.refused.length === 0 || gateway === null) return;
  const label = paint(invocation.stderr, 'yellow', 'warning:', invocation.env);
  const keys = plan.refused.map((key) => `"${key}"`).join(', ');
  tell(invocation, `${label} ${keys} cannot change while it runs; nothing of the file is in use until it is restarted`);
}

function printPlan(invocation: Invocation, plan: ConfigPlan): void {
  const { stderr, env } = invocation;
  print(invocation, `${plan.file} is valid`);
  print(invocation, `listens on ${plan.listen.host}:${plan.listen.port}, keeps its data in ${plan.dataDir}`);
  for (const file of plan.included) print(invocation, `includes ${file}`);
  for (const server of plan.servers) print(invocation, `  ${describe(server)}`);
  for (const { name, exposure, servers } of plan.profiles) {
    print(invocation, `  /mcp/${name}: profile, ${exposure}: ${servers.join(', ') || 'no server'}`);
  }
  for (const warning of plan.warnings) tell(invocation, `${paint(stderr, 'yellow', 'warning:', env)} ${warning}`);
}

function describe({ name, enabled, runtime, mode, runs, isPinned, dangers }: PlannedServer): string {
  if (!enabled) return `${name}: disabled`;
  const pinned = isPinned === undefined ? '' : ` (image ${isPinned ? 'pinned by digest' : 'not pinned by digest'})`;
  const allowed = dangers.length > 0 ? `, allowed although dangerous: ${dangers.join(', ')}` : '';
  return `${name}: ${runtime}, ${mode}: ${runs}${pinned}${allowed}`;
}
