/** A long request often needs several tools: its parts are searched for on their own beside the whole. */

/** Requests of fewer words stay whole. */
const LONG_REQUEST_WORDS = 18;
/** Parts of fewer words say too little to search for. */
const SHORTEST_PART_WORDS = 3;
/** Longer parts are read through a window that moves by half its width or so. */
const LONGEST_PART_WORDS = 30;
const WINDOW = { words: 20, step: 15 };
/** A bound on the work that one request can ask for. */
const PARTS_MAX = 16;

/** Ends of sentences and lines, and the words that join one wish to the next. */
const BOUNDARY =
  /(?<=[.!?;])\s+|[。！？；，]|\n+|,\s+(?:and then|and also|and|then|also|plus)\s+|\s+(?:and then|then|e depois|e então|y luego|y después)\s+|;\s*|\s+-\s+/;

/** Each run becomes one, because the boundary is tried at every one of them. */
const SPACES = /[^\S\n]+/g;

/** The parts of a long request in order; none for a short one. */
export function clauses(request: string): string[] {
  if (countWords(request) < LONG_REQUEST_WORDS) return [];
  const parts = request
    .replace(SPACES, ' ')
    .split(BOUNDARY)
    .flatMap((part) => windows(part.trim()));
  const telling = [...new Set(parts.filter((part) => countWords(part) >= SHORTEST_PART_WORDS))];
  return telling.length > 1 ? telling.slice(0, PARTS_MAX) : [];
}

function windows(part: string): string[] {
  const words = part.split(/\s+/);
  if (words.length <= LONGEST_PART_WORDS) return [part];
  const starts = Array.from({ length: Math.ceil(words.length / WINDOW.step) }, (_, i) => i * WINDOW.step);
  return starts.map((start) => words.slice(start, start + WINDOW.words).join(' '));
}

const UNSPACED_RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]{2}/gu;

/** Two characters of Chinese, Japanese or Korean count as a word. */
function countWords(text: string): number {
  const spaced = text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  return spaced + (text.match(UNSPACED_RUN)?.length ?? 0);
}
