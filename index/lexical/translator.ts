/** Brings requests in Portuguese, Spanish and Chinese near tools described in English, word by word. */
import { GLOSSARY } from './glossary.ts';
import { foldAccents, isUnspaced, words } from './words.ts';

export interface Translation {
  /** English words in the order of the request, alternatives one after the other. */
  readonly english: readonly string[];
  /** Folded words of the request that have a translation, or that only join the others. */
  readonly understood: ReadonlySet<string>;
}

/** With so many words that only the glossary knows, a request without small words is foreign too. */
const FOREIGN_SHARE = 0.4;
const NOTHING: Translation = { english: [], understood: new Set() };

/** Words that give Portuguese and Spanish away and say nothing about tools. */
const ROMANCE = new Set(
  `de da das dos do um uma uns umas o os as ao aos no na nos nas em para pra por pelo pela com sem que se meu minha meus
  minhas seu sua este esta esse essa isso isto qual quais quem onde quando como porque nao sim e ou mas quero queria
  preciso gostaria favor pode poderia voce me mim eu nosso nossa tudo algum alguma tem ha foi ser sobre ate entre del el
  la los las un unos unas al en con y u pero mi mis tu tus su sus lo le nuestro nuestra quiero quisiera necesito puedes
  podrias donde cuando cual cuales quien hay es son esta estan sobre hasta entre todos todas algun alguna muy mas`.split(
    /\s+/,
  ),
);
const ENGLISH = new Set(
  'the a an of to and in is for with my i me you on what how can from it all this that by or at'.split(' '),
);

/** Builds its dictionary when a request first has words that may be foreign: most never have. */
export class Translator {
  #built: Dictionary | undefined;

  /** `isEnglish` tells words that English texts use: alone they never make a request foreign. `found` are the words of the text. */
  translate(text: string, isEnglish: (word: string) => boolean, found = words(text)): Translation {
    const chinese = found.some(isUnspaced) ? translateUnspaced(text, this.#dictionary()) : NOTHING;
    const spaced = found.filter((word) => !isUnspaced(word));
    const romance = this.#translateRomance(spaced, isEnglish);
    return {
      english: [...romance.english, ...chinese.english],
      understood: new Set([...romance.understood, ...chinese.understood]),
    };
  }

  #translateRomance(spaced: readonly string[], isEnglish: (word: string) => boolean): Translation {
    const candidates = [...new Set(spaced)].filter((word) => !ROMANCE.has(word));
    const strange = candidates.filter((word) => word.length > 3 && !isEnglish(word));
    const isEnough = (some: readonly string[]) => some.length >= FOREIGN_SHARE * spaced.length;
    const isTold = looksRomance(spaced);
    if (!isTold && !isEnough(strange)) return NOTHING;
    const meanings = new Map(candidates.map((word) => [word, lookUp(word, this.#dictionary())]));
    const isKnown = (word: string) => (meanings.get(word) ?? []).length > 0;
    if (!isTold && !isEnough(strange.filter(isKnown))) return NOTHING;
    const translated = candidates.filter(isKnown);
    return {
      english: translated.flatMap((word) => meanings.get(word) ?? []),
      understood: new Set([...translated, ...spaced.filter((word) => ROMANCE.has(word))]),
    };
  }

  #dictionary(): Dictionary {
    this.#built ??= buildDictionary();
    return this.#built;
  }
}

function looksRomance(spaced: readonly string[]): boolean {
  const romance = spaced.filter((word) => ROMANCE.has(word)).length;
  const english = spaced.filter((word) => ENGLISH.has(word)).length;
  return romance > english && romance >= 0.15 * spaced.length;
}

/** Greedy longest match from left to right, the classic segmentation of Chinese by a word list. */
function translateUnspaced(text: string, dictionary: Dictionary): Translation {
  const english: string[] = [];
  const understood = new Set<string>();
  for (let at = 0; at < text.length; ) {
    let length = dictionary.chineseLength;
    while (length > 0 && !dictionary.chinese.has(text.slice(at, at + length))) length--;
    const word = text.slice(at, at + length);
    english.push(...(dictionary.chinese.get(word) ?? []));
    if (length > 0) for (const piece of words(word)) understood.add(piece);
    at += Math.max(1, length);
  }
  return { english, understood };
}

/** As it stands; without its ending; without a pronoun (`muéstrame`); with the vowel of the infinitive (`convierte`). */
function lookUp(word: string, dictionary: Dictionary): readonly string[] {
  const bare = word.replace(/(?:me|nos|l[oa]s?)$/, '');
  const plainVowel = (form: string) => romanceStem(form.replace('ie', 'e').replace('ue', 'o'));
  const forms = [
    word,
    romanceStem(word),
    plainVowel(word),
    ...(bare === word ? [] : [romanceStem(bare), plainVowel(bare)]),
  ];
  const known = forms.find((form) => dictionary.romance.has(form));
  return known === undefined ? [] : (dictionary.romance.get(known) ?? []);
}

/** Cuts gender, number and the endings of regular verbs, so that `criando`, `crie` and `criar` meet. */
function romanceStem(word: string): string {
  const singular = word
    .replace(/coes$/, 'cao')
    .replace(/ciones$/, 'cion')
    .replace(/ens$/, 'em')
    .replace(/ais$/, 'al');
  const plain = singular
    .replace(/qu(?:e|em|en|es)$/, 'ca')
    .replace(/gu(?:e|em|en|es)$/, 'ga')
    .replace(/ce$/, 'za');
  const stem = plain.replace(/(?:ando|iendo|endo|indo|ad[oa]s?|id[oa]s?|ar|er|ir|[aei]m|[ae]n|[aeo]s|[aeio])$/, '');
  return stem.length >= 3 ? stem : singular;
}

interface Dictionary {
  readonly romance: ReadonlyMap<string, readonly string[]>;
  readonly chinese: ReadonlyMap<string, readonly string[]>;
  readonly chineseLength: number;
}

function buildDictionary(): Dictionary {
  const [romance, chinese] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const line of GLOSSARY.trim().split('\n')) {
    const [english = '', others = ''] = line.split(' = ');
    const [portuguese = '', spanish = '', characters = ''] = others.split(' ; ');
    const meanings = english.split(' ');
    for (const word of foldAccents(`${portuguese} ${spanish}`).toLowerCase().split(' ')) {
      addMeanings(romance, word, meanings);
      if (romanceStem(word) !== word) addMeanings(romance, romanceStem(word), meanings);
    }
    for (const word of characters.split(' ')) addMeanings(chinese, word, meanings);
  }
  return { romance, chinese, chineseLength: Math.max(...[...chinese.keys()].map((word) => word.length)) };
}

function addMeanings(map: Map<string, string[]>, word: string, meanings: readonly string[]): void {
  const known = map.get(word) ?? [];
  map.set(word, [...known, ...meanings.filter((meaning) => !known.includes(meaning))]);
}
