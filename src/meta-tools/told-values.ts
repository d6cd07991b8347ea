/** Names and values of a schema as they stand in a signature: quoted, capped, and nothing that could be read as more than they are. */
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

/** As JSON; of a long text the beginning in quotation marks, and an ellipsis behind them. */
export function toldValue(value: unknown): Told {
  if (typeof value === 'string' && value.length > VALUE_CHARACTERS_MAX) {
    return { text: `${plainLine(JSON.stringify(value.slice(0, VALUE_CHARACTERS_MAX - 1)))}…`, isWhole: false };
  }
  const json = plainLine(JSON.stringify(value) ?? 'any');
  const isWhole = typeof value === 'string' || json.length <= VALUE_CHARACTERS_MAX;
  return { text: isWhole ? json : '…', isWhole };
}

/** As many of them as there is room for; `…6 more` is the last one where there are more. */
export function toldValues(values: readonly unknown[]): {
  readonly texts: readonly string[];
  readonly isWhole: boolean;
} {
  const texts: string[] = [];
  let left = ENUM_CHARACTERS_MAX;
  let isWhole = true;
  for (const value of values) {
    const told = toldValue(value);
    left -= told.text.length + 1;
    if (left < 0) return { texts: [...texts, `…${values.length - texts.length} more`], isWhole: false };
    isWhole &&= told.isWhole;
    texts.push(told.text);
  }
  return { texts, isWhole };
}
