/** @file Which sentences state something: questions, greetings, opinions of the writer, references and code do not. */
import type { Word } from './english.ts';
import { findMainClause } from './main_clause.ts';

/** Why the sentence states no fact, or null if it may state one. */
export function reasonNotToState(text: string, words: readonly Word[]): string | null {
  if (/\?["'\u201d)]*$/.test(text)) return 'is a question';
  if (/https?:\/\/|www\.\w|\b\w+@\w+\.\w/.test(text)) return 'holds a web address';
  if (
    /^(hi|hello|hey|sure|thanks|thank you|sorry|welcome|great question|good question|certainly|of course|absolutely)\b[^.]{0,40}[.!,:]?$/i.test(
      text,
    )
  ) {
    return 'is a greeting';
  }
  if (
    /\b(i hope (this|that|it|you)|hope (this|that) helps|let me know|feel free to ask|as an ai)\b/i.test(text)
  ) {
    return 'is a greeting';
  }
  if (/^(here (are|is|'s)|below (are|is)|(the )?following (are|is)|these are some|see below)\b/i.test(text))
    return 'announces what follows';
  if (
    /^there (are|is|could be|can be|may be) (a (number|couple|few|variety|lot) of|many|several|some|various|a few|lots of|different)( [a-z]+)? (things|ways|reasons|options|ideas|tips|steps|factors|possibilities)\b[^,;:]{0,60}[.:]?$/i.test(
      text,
    )
  ) {
    return 'announces what follows';
  }
  if (
    /^\(?(for more|to learn more|for further|read (more|this|about|the)|learn more|click|visit (our|the|us)|see (the|our|also|more)|go to|refer to|check out|source)\b/i.test(
      text,
    )
  ) {
    return 'points to another text';
  }
  if (/^on this page\b/i.test(text)) return 'points to another text';
  if (
    /^\W*(i|i'm|i've|i'd|my|we|personally)\b/i.test(text) &&
    /\b(i|i'm|i've|i'd|my favou?rite|my opinion)\b/i.test(text)
  ) {
    return "gives the writer's opinion";
  }
  if (
    /\b(in my opinion|i think|i believe|i would (recommend|suggest|say)|i recommend|i like|i love|i'd)\b/i.test(
      text,
    )
  )
    return "gives the writer's opinion";
  if (/:$/.test(text)) return 'announces what follows';
  const main = findMainClause(words, 0, words.length);
  if (!main) return 'has no verb of its own that the rules can find';
  const letters = text.replace(/[^\p{L}]/gu, '').length;
  if (letters < text.length / 2) return 'holds more signs than words';
  return null;
}
