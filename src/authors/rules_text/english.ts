/**
 * @file Words of an English text with their parts of speech and base forms, by winkNLP and its English model, which
 * are loaded when the first text is read: a page that never reads one does not load them.
 */

import { findMainClause } from './main_clause.ts';
import { isPluralNoun } from './plurals.ts';
import { finiteForm } from './verbs.ts';

/** A word or mark as it stands in a text. */
export interface Word {
  readonly text: string;
  readonly lower: string;
  /** Universal part of speech: NOUN, PROPN, VERB, AUX, ADP, DET, PUNCT ... */
  readonly pos: string;
  /** Base form: "causes" has "cause". */
  readonly lemma: string;
  /** Offsets in the text, in UTF-16 code units; end is exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface English {
  words(text: string): readonly Word[];
}

/** How many texts are remembered: an atom is read again by every operation of its row. */
const REMEMBERED = 2000;

let loaded: Promise<English> | undefined;

/** The reader of English; the model is loaded once. */
export function loadEnglish(): Promise<English> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<English> {
  const [{ default: winkNLP }, { default: model }] = await Promise.all([
    import('wink-nlp'),
    import('wink-eng-lite-web-model'),
  ]);
  const nlp = winkNLP(model, ['sbd', 'pos']);
  const { its } = nlp;
  const remembered = new Map<string, readonly Word[]>();

  /** A second and a third try, where the first shows no main verb: a capital hides verbs, and so do nouns alike. */
  const read = (text: string): readonly Word[] => {
    const hasMain = (words: readonly Word[]): boolean => findMainClause(words, 0, words.length) !== null;
    const first = tag(text);
    if (first.length < 2 || hasMain(first)) return first;
    const small = text.replace(
      /^(\W*)(\p{Lu})(?=\p{Ll}+ )/u,
      (_, marks: string, letter: string) => marks + letter.toLowerCase(),
    );
    const second = tag(small).map((word) => ({ ...word, text: text.slice(word.start, word.end) }));
    if (small !== text && hasMain(second)) return second;
    // A phrase such as "weight gain" is no sentence, whatever its words could be elsewhere.
    if (first.length < 5 && !/[.!]$/.test(text)) return first;
    let third = first;
    for (let i = 0; i < first.length - 1; i++) {
      if (!mayBeVerb(third, i)) continue;
      const verb = asVerb(third[i]!);
      const next = third.map((word, at) => (at === i ? verb : word));
      if (hasMain(next)) third = next;
    }
    if (third !== first) return third;
    return first;
  };

  const asVerb = (word: Word): Word => {
    const lemma = word.lower.endsWith('ed') ? tag(`it has ${word.lower} them`)[2]!.lemma : word.lemma;
    return { ...word, pos: 'VERB', lemma };
  };

  const tag = (text: string): readonly Word[] => {
    // Same length, so that offsets stay: the model knows the straight apostrophe only.
    const tokens = nlp.readDoc(text.replace(/[\u2018\u2019]/g, "'")).tokens();
    const values = tokens.out(its.value);
    const parts = tokens.out(its.pos) as unknown as string[];
    const lemmas = tokens.out(its.lemma as unknown as typeof its.value);
    const spaces = tokens.out(its.precedingSpaces) as unknown as string[];
    let at = 0;
    const words = values.map((value, i): Word => {
      const start = at + spaces[i]!.length;
      at = start + value.length;
      const lower = value.toLowerCase();
      return { text: text.slice(start, at), lower, ...correct(lower, parts[i]!, lemmas[i]!), start, end: at };
    });
    return words.map((word, i) => correctInPlace(words, word, i));
  };

  return {
    words(text) {
      const known = remembered.get(text);
      if (known) return known;
      const words = read(text);
      if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value!);
      remembered.set(text, words);
      return words;
    },
  };
}

/** What the model gets wrong about very common words. */
function correct(lower: string, pos: string, lemma: string): { pos: string; lemma: string } {
  if (/^[-\u2013\u2014]+$/.test(lower)) return { pos: 'PUNCT', lemma };
  if (lower === 'due') return { pos: 'ADP', lemma };
  if (lower === 'cannot') return { pos: 'AUX', lemma: 'can' };
  if (lower === 'ii' || lower === 'iii') return { pos: 'NUM', lemma };
  return { pos, lemma };
}

/** Instructions start with these; the model takes them for names, since they have a capital. */
const INSTRUCTIONS = new Set(
  (
    'season place repeat check view wrap shop show top mix heat stir add cut pour boil bake fry grill roast chop slice dice peel ' +
    'wash rinse drain cover cook serve store freeze turn move set fill empty drop lift pull push press click select type ' +
    'open close lock start stop plan set write read draw paint fold cut glue sew measure mark drill screw nail sand plant water ' +
    'trim feed walk run swim bike stretch train rest sleep drink eat avoid limit reduce focus practice practise exercise visit ' +
    'travel pack book rent buy sell save invest budget track record list note study review test research compare contact call ' +
    'email schedule charge clean dust sweep vacuum dry iron hang paint polish shape spread sprinkle drizzle garnish crank'
  ).split(' '),
);

/** Words that the model often takes for nouns where they are verbs. */
const NOUN_OR_VERB = new Set(
  (
    'use cause form die lack result hit account last work help need play run start show study support travel live trigger ' +
    'increase decrease affect control change cover contain range rest end begin act attack benefit breed burn claim ' +
    'cross damage deal demand drop face fall feed feature fight fill flow force function gain grow hold house issue ' +
    'lead leak limit link look mark match mean measure move name offer open order pass plan point produce promise ' +
    'pull push rank rate reach release report request return rise rule search serve set share shape sleep ' +
    'sound spread stand state stay step stop store stress suffer supply surround survive test touch trade train transfer ' +
    'treat try turn vary visit walk want waste watch weigh win wish cost cut deposit document host include hunt ring fish fly drink dance smoke smell taste sting bite bark sail race climb flower bloom nest rest rain sign increment process record'
  ).split(' '),
);

/** "Bolton tricks his mother": between a noun and an object's determiner stands a verb. */
function isBeforeObject(words: readonly Word[], i: number): boolean {
  return (
    /^(NOUN|PROPN)$/.test(words[i - 1]!.pos) &&
    /(s|ed)$/.test(words[i]!.lower) &&
    /^(the|a|an|his|her|its|their|your|our|my)$/.test(words[i + 1]?.lower ?? '')
  );
}

/** Whether the noun at i may be the verb that its part of the sentence lacks. */
function mayBeVerb(words: readonly Word[], i: number): boolean {
  if (i > 0 && !NOUN_OR_VERB.has(words[i]!.lemma) && !isBeforeObject(words, i)) return false;
  if (!/^(NOUN|PROPN|ADJ)$/.test(words[i]!.pos)) return false;
  if (i === 0) {
    const { lower } = words[0]!;
    return (
      /^(DET|PRON|ADV|ADJ|NUM|NOUN|ADP|SCONJ)$/.test(words[1]!.pos) &&
      (INSTRUCTIONS.has(lower) || (lower === words[0]!.lemma && words[1]!.pos === 'DET'))
    );
  }
  if (words[i]!.pos === 'PROPN') return false;
  if (!/^(NOUN|PROPN|PRON|DET|NUM|ADV)$/.test(words[i - 1]!.pos)) return false;
  let from = i;
  while (from > 0 && words[from - 1]!.pos !== 'CCONJ' && words[from - 1]!.text !== ';') from--;
  return !words
    .slice(from, i)
    .some((word, at) => finiteForm(words, from + at) !== null && word.pos === 'VERB');
}

/** What only the words around show. */
function correctInPlace(words: readonly Word[], word: Word, i: number): Word {
  const before = words[i - 1];
  const after = words[i + 1];
  if (
    before &&
    word.pos === 'VERB' &&
    /^\p{Lu}/u.test(word.text) &&
    !/^["'\u201c(:.!?-]$/.test(before.text)
  ) {
    return { ...word, pos: 'PROPN' };
  }
  if (
    word.pos === 'NOUN' &&
    before?.pos === 'NOUN' &&
    isPluralNoun(before) &&
    word.lower === word.lemma &&
    NOUN_OR_VERB.has(word.lower) &&
    after &&
    (after.pos === 'DET' || /^(your|my|our|their|its|his|her|it|them)$/.test(after.lower))
  ) {
    return { ...word, pos: 'VERB' };
  }
  if (before?.lower === 'enough' && word.pos === 'VERB' && word.lower === word.lemma)
    return { ...word, pos: 'NOUN' };
  const third = words[i + 2];
  // "the pump stops and loses pressure": two verbs of one form side by side.
  if (
    word.pos === 'NOUN' &&
    before?.pos === 'NOUN' &&
    !isPluralNoun(before) &&
    word.lower !== word.lemma &&
    NOUN_OR_VERB.has(word.lemma) &&
    after?.pos === 'CCONJ' &&
    third?.pos === 'VERB' &&
    third.lower !== third.lemma &&
    third.lower.endsWith('s')
  ) {
    return { ...word, pos: 'VERB' };
  }
  return word;
}
