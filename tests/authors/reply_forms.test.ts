/** @file Replies as language models write them: what is read, and what is an error rather than a guess. */
import { describe, expect, it } from 'vitest';
import { ANSWER, FACTS, lineForm, VERDICT } from '../../src/authors/reply_forms.ts';

const FACT_REPLIES: readonly [what: string, reply: string][] = [
  ['JSON', '{"facts": ["Gold is a metal.", "Gold is dense."]}'],
  ['a code fence', '```json\n{"facts": ["Gold is a metal.", "Gold is dense."]}\n```'],
  ['prose around it', 'Sure! [1]\n{"facts": ["Gold is a metal.", "Gold is dense."]}\nAnything else?'],
  ['thoughts before it', '<think>{"facts": ["no"]}</think>{"facts": ["Gold is a metal.", "Gold is dense."]}'],
  ['another key', '{"atomic_facts": ["Gold is a metal.", "Gold is dense."]}'],
  ['a bare list', '["Gold is a metal.", "Gold is dense."]'],
  ['objects around the texts', '{"facts": [{"fact": "Gold is a metal."}, {"fact": "Gold is dense."}]}'],
  ['a trailing comma and a line break', '{"facts": ["Gold is\na metal.", "Gold is dense.",]}'],
  ['an empty entry', '{"facts": ["Gold is a metal.", "", "Gold is dense."]}'],
  ['a numbered list', 'Here are the facts:\n\n1. Gold is a metal.\n2) "Gold is dense."\n\nThese are all.'],
  ['a marked list', '- Gold is a metal.\n* Gold is dense.'],
  ['sentences', 'Gold is a metal. Gold is dense.'],
  ['lines', 'Facts:\nGold is a metal.\nGold is dense.'],
];

describe('facts', () => {
  it.each(FACT_REPLIES)('are read from %s', (_, reply) => {
    expect(FACTS.read(reply)).toEqual(['Gold is a metal.', 'Gold is dense.']);
  });

  it('may be none, if the reply says so', () => {
    expect(FACTS.read('{"facts": []}')).toEqual([]);
  });

  it.each([
    ['nothing', ' \n', 'empty'],
    ['a list cut off', '{"facts": ["Gold is a metal.", "Gold is', 'cut off'],
    ['a list cut off between entries', '```json\n{"facts": ["Gold is a metal.",', 'cut off'],
    ['one bracket', '{', 'cut off'],
    ['thoughts without an end', '<think>Gold is', 'cut off'],
    ['another form', '{"facts": {"a": 1}}', 'not of the form'],
    ['numbers', '{"facts": [1, 2]}', 'not of the form'],
  ])('are not guessed from %s', (_, reply, reason) => {
    expect(() => FACTS.read(reply)).toThrow(reason);
  });
});

describe('texts', () => {
  const sentence = lineForm('sentence');

  it.each([
    ['{"sentence": "Gold is a gas."}'],
    ['{"result": "Gold is a gas."}'],
    ['{"sentence": "Gold is a gas.", "why": "It is a metal."}'],
    ['Sentence: Gold is a gas.'],
    ['Here is the sentence:\n\n"Gold is a gas."'],
    ['{"sentence": "Gold is\\n a gas. "}'],
  ])('of one line are read from %s', (reply) => {
    expect(sentence.read(reply)).toBe('Gold is a gas.');
  });

  it('may hold brackets and paragraphs where they are answers', () => {
    expect(ANSWER.read('Gold [1] is a metal.\n\nIt is dense.')).toBe('Gold [1] is a metal.\n\nIt is dense.');
  });

  it.each([['{"sentence": ""}'], ['{"a": "x", "b": "y"}'], ['{"sentence": "Gold is'], ['""']])(
    'are not guessed from %s',
    (reply) => {
      expect(() => sentence.read(reply)).toThrow('The reply');
    },
  );
});

describe('verdicts', () => {
  it.each([
    ['{"verdict": "first"}', 'first'],
    ['{"verdict": "Second"}', 'second'],
    ['It is a tie.', 'tie'],
    ['The Second answer is more complete.', 'second'],
  ])('are read from %s', (reply, verdict) => {
    expect(VERDICT.read(reply)).toBe(verdict);
  });

  it.each([['{"verdict": "both"}'], ['The first is better than the second.'], ['I cannot say.']])(
    'are not guessed from %s',
    (reply) => {
      expect(() => VERDICT.read(reply)).toThrow('not of the form');
    },
  );
});
