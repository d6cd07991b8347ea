/** Removes the containers of a gateway that was killed: those with our labels whose gateway does not run any more. */
import type Docker from 'dockerode';
import { processStart } from '../native/process-table.ts';
import { stopContainer } from './container-endpoint.ts';
import { LABELS, type Labels } from './container-options.ts';

/** Names of the servers whose containers were removed. Leaves those of other gateways that run, of other machines and data folders. */
export async function reapContainers(docker: Docker, labels: Labels): Promise<string[]> {
  const filters = { label: [`${LABELS.home}=${labels[LABELS.home]}`] };
  const found = await docker.listContainers({ all: true, filters });
  const orphans = found.filter(({ Labels: theirs }) => !isGatewayAlive(theirs[LABELS.gateway] ?? ''));
  await Promise.all(orphans.map(({ Id }) => stopContainer(docker.getContainer(Id), 1_000)));
  return orphans.map(({ Labels: theirs }) => theirs[LABELS.server] ?? '');
}

function isGatewayAlive(gateway: string): boolean {
  const at = gateway.indexOf('@');
  const start = gateway.slice(at + 1);
  return start !== '' && processStart(Number(gateway.slice(0, at))) === start;
}
