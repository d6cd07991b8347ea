/** The parts as a profile shows them. */
import { GatewayError } from '../errors.ts';
import type { Brought } from '../policy/additions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Principal } from '../policy/principal.ts';
import type { ProfileRule } from '../policy/profile-rule.ts';
import type { MetaToolParts } from './parts.ts';
import { shownView } from './shown-view.ts';

/** `parts` are the whole, with the servers' own names of tools; those of the view are the profile's throughout. */
export function profileView(parts: MetaToolParts, rule: ProfileRule): MetaToolParts {
  return {
    ...shownView(parts, rule),
    additions: {
      ...parts.additions,
      add: refuseAddition,
      ask: refuseAddition,
      suggest: async () => undefined,
      standing: () => undefined,
    },
  };
}

/** `profileView`, made once for as long as rule and policy are the same; parts have their policy behind a getter. */
export function rememberProfileView(): typeof profileView {
  let last: { readonly rule: ProfileRule; readonly policy: Policy; readonly view: MetaToolParts } | undefined;
  return (parts, rule) => {
    const { policy } = parts;
    if (last?.rule !== rule || last.policy !== policy) last = { rule, policy, view: profileView(parts, rule) };
    return last.view;
  };
}

const refuseAddition = async (_: Principal, { server }: Brought): Promise<never> => {
  throw new GatewayError('NOT_ALLOWED', `"${server}" was not added: the profile has the servers that it was given`, {
    hint: 'ask the admin, who puts servers into a profile',
  });
};
