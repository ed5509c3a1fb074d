/**
 * @file Questions and answers from a plain document: it is cut into passages by its headings and paragraphs, each
 * passage is an answer in its own words, and the author writes the question that it answers.
 */
import type { Author } from '../authors/author.ts';
import { sentencesOf } from '../authors/rules_text/sentences.ts';
import { InputError } from '../formats/input_error.ts';
import type { OnProblem } from './prepare.ts';
import type { TrainRow } from './project.ts';

export interface Passage {
  /** The nearest heading above it; null where there is none. */
  readonly heading: string | null;
  readonly sentences: readonly string[];
}

/** Sentences and characters of one passage: about what an answer has. */
const MAX_SENTENCES = 4;
const MAX_LENGTH = 600;

const HEADING = /^#{1,6}\s+(.+?)\s*#*$/;
const UNDERLINE = /^(={3,}|-{3,})\s*$/;
const FENCE = /^(```|~~~)/;

/** The passages of a text or of Markdown, in order; code and tables are left out. */
export function splitDocument(text: string): Passage[] {
  const passages: Passage[] = [];
  let heading: string | null = null;
  let paragraph: string[] = [];
  let fenced = false;
  const close = () => {
    passages.push(...passagesOf(heading, paragraph.join(' ')));
    paragraph = [];
  };
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    const title = HEADING.exec(line)?.[1];
    if (FENCE.test(line)) {
      close();
      fenced = !fenced;
    } else if (fenced || line.startsWith('|')) continue;
    else if (title !== undefined) {
      close();
      heading = plainText(title);
    } else if (UNDERLINE.test(line)) {
      // A line that is underlined is a heading; a rule of its own is nothing.
      const above = paragraph.pop();
      close();
      if (above !== undefined) heading = plainText(above);
    } else if (line === '') close();
    else if (/^([-*+]|\d{1,3}[.)])\s/.test(line)) {
      close();
      paragraph.push(line.replace(/^([-*+]|\d{1,3}[.)])\s+/, ''));
    } else paragraph.push(line.replace(/^>\s?/, ''));
  }
  close();
  return passages;
}

/** A paragraph without Markdown, cut where it is long. What holds no whole sentence is no passage. */
function passagesOf(heading: string | null, paragraph: string): Passage[] {
  const text = plainText(paragraph);
  const sentences = sentencesOf(text, { start: 0, end: text.length })
    .map(({ start, end }) => text.slice(start, end))
    .filter((sentence) => /\p{L}.*\s.*[.!]["'”’)]*$/u.test(sentence));
  const passages: string[][] = [];
  for (const sentence of sentences) {
    const last = passages.at(-1);
    const fits = last && last.length < MAX_SENTENCES && [...last, sentence].join(' ').length <= MAX_LENGTH;
    if (fits) last.push(sentence);
    else passages.push([sentence]);
  }
  return passages.map((parts) => ({ heading, sentences: parts }));
}

/** Markdown's marks of emphasis, code and links taken away. */
function plainText(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .replace(/(^|\W)[*_](\S(?:.*?\S)?)[*_](?=\W|$)/g, '$1$2')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * One row for each passage. Where the author finds no question, the heading is asked for; a passage without either is
 * told and left out.
 * @throws InputError where nothing is left
 */
export async function documentRows(
  text: string,
  place: string,
  author: Pick<Author, 'rewriteQuestion'>,
  onProblem?: OnProblem,
  signal?: AbortSignal,
): Promise<TrainRow[]> {
  const rows: TrainRow[] = [];
  const asked = new Map<string, number>();
  for (const [i, { heading, sentences }] of splitDocument(text).entries()) {
    signal?.throwIfAborted();
    const id = `passage-${i + 1}`;
    const plain = heading === null ? '' : `What does the text say about ${heading}?`;
    const written = await author.rewriteQuestion({ id, question: plain }, sentences, signal);
    const question = written.ok ? written.value : plain;
    if (!written.ok) onProblem?.(id, 'rewriteQuestion', written.reason);
    if (question === '') continue;
    // Two passages must not answer the same question differently.
    const times = (asked.get(question) ?? 0) + 1;
    asked.set(question, times);
    rows.push({
      id,
      question: times === 1 ? question : `${question} (part ${times})`,
      answer: sentences.join(' '),
    });
  }
  if (rows.length === 0)
    throw new InputError(place, 'holds no passage to ask about.', 'Give a text of whole sentences.');
  return rows;
}
