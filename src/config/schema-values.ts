/** The kinds of value that a configuration has, each with an error that says what to write instead. */
import * as z from 'zod';
import {
  DURATION_PATTERN,
  durationRemedy,
  type Measure,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
  sizeRemedy,
} from './units.ts';
import { nameTheUnknown } from './unknown-key.ts';
import type { WrittenForm } from './written-forms.ts';

/** An object that takes these keys and no other; the example is for those who wrote no object. */
export function keys<Shape extends z.ZodRawShape>(shape: Shape, example?: string) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return nameTheUnknown(issue.keys, Object.keys(shape)).join('\n');
      return issue.code === 'invalid_type' && example && issue.input !== undefined
        ? `write it like ${example}`
        : undefined;
    },
  });
}

function measured(parse: (text: string) => Measure, remedy: (given: string | number) => string, kind: string) {
  return z
    .string({
      error: ({ input }) => (typeof input === 'number' ? `"${input}" is not a ${kind}${remedy(input)}` : undefined),
    })
    .superRefine((text, context) => {
      const measure = parse(text);
      if (!measure.ok) context.addIssue({ code: 'custom', message: measure.problem });
    });
}

/** `30s` and the like. */
export const duration = () => measured(parseDuration, durationRemedy, 'duration').meta({ pattern: DURATION_PATTERN });
/** `512MiB` and the like. */
export const size = () => measured(parseSize, sizeRemedy, 'size').meta({ pattern: SIZE_PATTERN });
/** At least one. */
/** What a reference brings is looked at when it is known. */
export const formed = ({ pattern, remedy }: WrittenForm) =>
  z.string().regex(new RegExp(`${pattern.source}|\\$\\{`), { error: remedy });

export const count = () => z.int().min(1);
/** Tool names or globs. */
export const globs = () => z.array(z.string().min(1));

/** What hosts and model providers accept as the name of a tool. */
export const shownName = () =>
  z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, {
    error: 'a tool name has letters, digits, "_" and "-", and is at most 64 long',
  });

export const toolDescription = () => z.string().min(1).max(2_000);

/** What servers and tools can be chosen by, as `tag:x`. */
export const tags = () =>
  z.array(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
      error: 'a tag has letters, digits, "-", "_" and ".", starts with a letter or digit, and is at most 64 long',
    }),
  );
