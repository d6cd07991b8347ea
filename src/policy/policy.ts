/** The one place that says who may see and do what; everybody asks here and nobody decides beside it. */
import type { Config } from '../config/config.ts';
import type { Principal } from './principal.ts';

export type AddingRight = Config['addServers'];

export interface Policy {
  /** False: it sees everything, and nobody need ask further. */
  restricts(principal: Principal): boolean;
  /** A server that may not be seen does not exist for this principal. */
  seesServer(principal: Principal, server: string): boolean;
  seesTool(principal: Principal, server: string, tool: string): boolean;
  seesProfile(principal: Principal, profile: string): boolean;
  isAdmin(principal: Principal): boolean;
  mayAdd(principal: Principal): AddingRight;
}

/** For a gateway that nobody but the user of this machine can reach; whoever is somebody else all the same is no admin. */
export function createOpenPolicy(adding: AddingRight): Policy {
  const yes = () => true;
  return {
    restricts: () => false,
    seesServer: yes,
    seesTool: yes,
    seesProfile: yes,
    isAdmin: ({ kind }) => kind === 'local',
    mayAdd: () => adding,
  };
}
