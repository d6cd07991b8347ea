/** Compares versions of npm packages, so that an upgrade never goes back. */

interface Version {
  readonly numbers: readonly number[];
  /** What follows a hyphen; empty for a release. */
  readonly before: string;
}

/** Whether `candidate` is later than `current` by the precedence of semver.org 2.0.0, section 11. What is no version is not later. */
export function isNewerVersion(candidate: string, current: string): boolean {
  const [later, earlier] = [readVersion(candidate), readVersion(current)];
  if (!later || !earlier) return false;
  const at = later.numbers.findIndex((part, index) => part !== earlier.numbers[index]);
  if (at >= 0) return (later.numbers[at] ?? 0) > (earlier.numbers[at] ?? 0);
  if (later.before === '' || earlier.before === '') return later.before === '' && earlier.before !== '';
  return comparePrereleases(later.before.split('.'), earlier.before.split('.')) > 0;
}

function readVersion(text: string): Version | undefined {
  const [, major, minor, patch, before = ''] = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(text) ?? [];
  if (major === undefined) return undefined;
  return { numbers: [major, minor, patch].map(Number), before };
}

function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  for (const [at, part] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (part !== other) return compareParts(part, other);
  }
  return left.length - right.length;
}

/** Numbers stand before words, and words are in the order of ASCII. */
function compareParts(left: string, right: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isNumber && isOtherNumber) return Number(left) - Number(right);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return left < right ? -1 : 1;
}
