/** How old something is that was dated by the wall clock, which may have been set back since. */

/** False for what seems to come from the future: nobody can say how old it is. */
export function isYoungerThan(ageMs: number, sinceMs: number): boolean {
  const age = Date.now() - sinceMs;
  return age >= 0 && age < ageMs;
}
