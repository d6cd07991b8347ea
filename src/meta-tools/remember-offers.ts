/** What a principal is offered at `/mcp`, made once for as long as the policy is the same: which servers it sees is asked of each of them. */
import type { Policy } from '../policy/policy.ts';
import type { Principal } from '../policy/principal.ts';
import type { ToolOffer } from './tool-offer.ts';

type OfferTo = (policy: Policy, principal: Principal) => ToolOffer;

/** `make` must give the same for the same policy and principal. */
export function rememberOffers(make: OfferTo): OfferTo {
  const made = new WeakMap<Principal, { readonly policy: Policy; readonly offer: ToolOffer }>();
  return (policy, principal) => {
    const last = made.get(principal);
    if (last?.policy === policy) return last.offer;
    const offer = make(policy, principal);
    made.set(principal, { policy, offer });
    return offer;
  };
}
