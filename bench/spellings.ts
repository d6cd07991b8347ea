/** How people spell the name of a tool, rightly or with one slip, for benchmarks. */

export const partsOf = (name: string) =>
  name
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1 ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** The letter that slips is chosen by `at`, so that runs are alike. */
export type Spelling = (name: string, at: number) => string;

export const RIGHT: Readonly<Record<string, Spelling>> = {
  'as it is': (name) => name,
  'upper case': (name) => name.toUpperCase(),
  snake: (name) => partsOf(name).join('_').toLowerCase(),
  camel: (name) =>
    partsOf(name)
      .map((part, i) => (i === 0 ? part.toLowerCase() : capital(part)))
      .join(''),
  spaces: (name) => partsOf(name).join(' ').toLowerCase(),
};

export const SLIPS: Readonly<Record<string, Spelling>> = {
  'letter lost': (name, at) =>
    name.length < 5 ? name : name.slice(0, 1 + (at % (name.length - 1))) + name.slice(2 + (at % (name.length - 1))),
  'letters swapped': (name, at) => {
    const from = at % Math.max(1, name.length - 1);
    return name.slice(0, from) + name.slice(from + 1, from + 2) + name.slice(from, from + 1) + name.slice(from + 2);
  },
  'letter wrong': (name, at) => {
    const from = 1 + (at % Math.max(1, name.length - 1));
    return `${name.slice(0, from)}${name[from] === 'e' ? 'a' : 'e'}${name.slice(from + 1)}`;
  },
};
