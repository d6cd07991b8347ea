/** How errors name what there is: what is near, and never a list without an end. */

/** `names` as a list of which so many are written out. */
export function someNames(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** To be put behind a message; nothing when there is nothing near. */
export const didYouMean = (names: readonly string[]) => (names.length > 0 ? `; did you mean ${names.join(', ')}?` : '');
