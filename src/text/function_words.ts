/**
 * @file English words that carry no content of their own, by what they do in a sentence: what is left when they are
 * taken away is what a sentence is about; how many of them there are is style.
 */

const set = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Words that stand for something said elsewhere. */
export const PRONOUNS = set(`
  i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
  herself it its itself they them their theirs themselves this that these those one ones who whom whose which what`);

/** Words that tie a sentence to the one before it. */
export const CONNECTIVES = set(`
  also although because but consequently finally first firstly furthermore hence however instead lastly later
  likewise meanwhile moreover nevertheless next nonetheless otherwise overall second secondly similarly since so
  still then thereby therefore though thus whereas while yet additionally besides eventually subsequently`);

/** Words that turn a statement into its opposite; n't is read as "not". */
export const NEGATIONS = set('not no never none neither nor nothing nobody nowhere without cannot');

/** Words that change what a sentence says though they say nothing alone: how many, how often, before or after. */
export const QUALIFIERS = set(`
  all any both each every few fewer many more most much other several some same only always often usually sometimes
  rarely seldom ever before after above below over under up down inside outside off less least little first last if
  unless until except can could may might must should`);

const REST = set(`
  a an the and or if than as at by for from in into of off on onto out over to under up upon with within about above
  across after against along among around before behind below beneath beside between beyond down during except inside
  like near outside per through throughout till toward towards until via be am is are was were been being do does did
  done doing have has had having can could may might must shall should will would ought here there where when why how
  all any both each either every few many more most much other others own same several some such too very just only
  again ever once quite rather often usually generally typically commonly however well etc s t d ll m re ve ca wo sha`);

/** Whether a word, in lower case, has no content of its own. */
export function isFunctionWord(word: string): boolean {
  return REST.has(word) || PRONOUNS.has(word) || CONNECTIVES.has(word) || NEGATIONS.has(word);
}
