/** `tooldex check`: whether the configuration is valid, and what it would run. */
import { type ConfigPlan, checkConfig, type PlannedServer } from '../config/check-config.ts';
import { type CommonFlags, type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { type ListenFlags, loadOptions } from './open.ts';

export async function check(invocation: Invocation, flags: CommonFlags & ListenFlags): Promise<number> {
  const plan = await checkConfig(loadOptions(invocation, flags));
  if (flags.json) printJson(invocation, plan);
  else printPlan(invocation, plan);
  return 0;
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
