/** Names and values of a schema as they stand in a signature: quoted, capped, and nothing that could be read as more than they are. */
import { type Steps, take } from './steps.ts';
import { plainLine } from './third-party-text.ts';

/** Characters of the values of an enumeration: fifty of six letters, so that hardly one has to be asked for. */
const ENUM_CHARACTERS_MAX = 480;
/** Of a default or another value, which a schema tells whole. */
const VALUE_CHARACTERS_MAX = 80;
/** What cannot be read as anything but a name, however the line around it goes. */
const PLAIN_NAME = /^[\p{L}\p{N}_$@./-]+$/u;

/** Text, and whether it is all of what it stands for. */
export interface Told {
  readonly text: string;
  readonly isWhole: boolean;
}

export const parameterName = (name: string) => (PLAIN_NAME.test(name) ? name : plainLine(JSON.stringify(name)));

/** In quotation marks; of a long one the beginning, and an ellipsis behind them. */
export function toldText(text: string): Told {
  if (text.length <= VALUE_CHARACTERS_MAX) return { text: plainLine(JSON.stringify(text)), isWhole: true };
  return { text: `${plainLine(JSON.stringify(text.slice(0, VALUE_CHARACTERS_MAX - 1)))}…`, isWhole: false };
}

/** As JSON, unless it is long. */
export function toldValue(value: unknown, steps: Steps): Told {
  if (typeof value === 'string') return toldText(value);
  const json = JSON.stringify(value) ?? 'any';
  take(steps, json);
  return json.length <= VALUE_CHARACTERS_MAX ? { text: plainLine(json), isWhole: true } : { text: '…', isWhole: false };
}

/** As many of them as there is room for; `…6 more` is the last one where there are more. */
export function toldValues(
  values: readonly unknown[],
  steps: Steps,
): {
  readonly texts: readonly string[];
  readonly isWhole: boolean;
} {
  const texts: string[] = [];
  let left = ENUM_CHARACTERS_MAX;
  let isWhole = true;
  for (const value of values) {
    const told = toldValue(value, steps);
    left -= told.text.length + 1;
    if (left < 0) return { texts: [...texts, `…${values.length - texts.length} more`], isWhole: false };
    isWhole &&= told.isWhole;
    texts.push(told.text);
  }
  return { texts, isWhole };
}
