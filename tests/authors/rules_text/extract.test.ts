import { beforeAll, describe, expect, it } from 'vitest';
import { type English, loadEnglish } from '../../../src/authors/rules_text/english.ts';
import { extractFacts } from '../../../src/authors/rules_text/extract.ts';

let english: English;
beforeAll(async () => {
  english = await loadEnglish();
});

const texts = (answer: string, question = 'What can you say?'): string[] =>
  extractFacts(english, question, answer).facts.map(({ text }) => text);
const problems = (answer: string, question = 'What can you say?'): readonly string[] =>
  extractFacts(english, question, answer).problems;

describe('facts of any English answer', () => {
  it('takes sentences apart where a clause has a verb of its own', () => {
    expect(texts('The harbour lies north of the town and freezes every winter.')).toEqual([
      'The harbour lies north of the town.',
      'The harbour freezes every winter.',
    ]);
    expect(texts('Owls hunt at night, but hawks hunt by day.')).toEqual([
      'Owls hunt at night.',
      'Hawks hunt by day.',
    ]);
    expect(texts('The bridge was opened in 1932; it was closed in 1990.')).toEqual([
      'The bridge was opened in 1932.',
      'The bridge was closed in 1990.',
    ]);
    expect(texts('Copper conducts heat well, while glass insulates.')).toHaveLength(2);
  });

  it('leaves whole what it cannot take apart safely', () => {
    for (const sentence of [
      'The parrot is a bird that eats seeds and lives in trees.',
      'The machine can lift stones and move them.',
      'Anna wants to sing and dance.',
      'The soup contains carrots, leeks and salt.',
      'He sells or repairs clocks.',
    ]) {
      expect(texts(sentence), sentence).toEqual([sentence]);
    }
  });

  it('carries a condition to the clauses that it governs', () => {
    expect(texts('If the valve sticks, the pump stops and loses pressure.')).toEqual([
      'If the valve sticks, the pump stops.',
      'If the valve sticks, the pump loses pressure.',
    ]);
  });

  it('knows abbreviations and initials from the ends of sentences', () => {
    expect(texts('Dr. Weaver and J. R. Miller founded the school in St. Albans. It has 40 pupils.')).toEqual([
      'Dr. Weaver and J. R. Miller founded the school in St. Albans.',
      'It has 40 pupils.',
    ]);
  });

  it('completes a lead-in by each item of its list, with or without line breaks', () => {
    const expected = [
      'Signs of frost damage include brown leaves.',
      'Signs of frost damage include split bark.',
    ];
    expect(texts('Signs of frost damage include:\n- Brown leaves\n- Split bark')).toEqual(expected);
    expect(texts('Signs of frost damage include    - Brown leaves    - Split bark')).toEqual(expected);
    expect(texts('The main kinds are:\n1. Brown rice\n2. Wild rice')).toEqual([
      'The main kinds include brown rice.',
      'The main kinds include wild rice.',
    ]);
    expect(texts('1. Moss needs shade.\n2. Moss has no roots.')).toEqual([
      'Moss needs shade.',
      'Moss has no roots.',
    ]);
  });

  it('says what it left out and why', () => {
    const answer = [
      'Great question!',
      'Have you seen a comet?',
      'I think comets are lovely.',
      'Comets are made of ice.',
      'See https://example.org for more.',
      'A bright tail.',
      '```\nconst tail = 1;\n```',
    ].join('\n');
    expect(texts(answer)).toEqual(['Comets are made of ice.']);
    const said = problems(answer);
    expect(said).toHaveLength(6);
    for (const reason of [
      'is a greeting',
      'is a question',
      'opinion',
      'web address',
      'no verb',
      'program text',
    ]) {
      expect(
        said.some((problem) => problem.includes(reason)),
        reason,
      ).toBe(true);
    }
  });

  it('drops repetitions, headings and words that only tie sentences together', () => {
    expect(texts('Summary: Tin melts at 232 degrees. However, tin is soft. Tin is soft.')).toEqual([
      'Tin melts at 232 degrees.',
      'Tin is soft.',
    ]);
  });

  it('keeps the place of every fact in the answer', () => {
    const answer = '  The lake is deep and holds trout.\nNo one fishes there.';
    const { facts } = extractFacts(english, 'q', answer);
    expect(facts.map(({ start, end }) => answer.slice(start, end))).toEqual([
      'The lake is deep',
      'holds trout.',
      'No one fishes there.',
    ]);
  });
});

describe('pronouns', () => {
  it('are replaced by the subject of the sentence before', () => {
    expect(texts('The lynx is a wild cat. It hunts hares. Its ears have tufts.')).toEqual([
      'The lynx is a wild cat.',
      'The lynx hunts hares.',
      "The lynx's ears have tufts.",
    ]);
    expect(texts('Lynxes are wild cats. They hunt hares.')[1]).toBe('Lynxes hunt hares.');
  });

  it('are replaced by what the question asks about', () => {
    expect(texts('It is a kind of cloud. This condition never lasts.', 'What is a nimbus?')[0]).toBe(
      'A nimbus is a kind of cloud.',
    );
    expect(texts('She painted flowers.', 'Who was Maria Merian?')).toEqual(['Maria Merian painted flowers.']);
  });

  it('are left and reported where they could mean something else', () => {
    const said = problems('Wolves hunt in packs. It is a large pack.');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('"It"');
    expect(problems('The miller sold flour. This made him rich.')[0]).toContain('"This"');
    // A person is no "it", and several things are none either.
    expect(texts('The child was ill. It was winter.')[1]).toBe('It was winter.');
  });

  it('that mean something in their own sentence, or nothing at all, are no trouble', () => {
    expect(problems('When a dog is happy, it wags its tail.')).toEqual([]);
    expect(problems('It is important to rest.')).toEqual([]);
    expect(problems('Painters often sign their work.')).toEqual([]);
  });
});

describe('lists of names', () => {
  it('become facts where the question asks to name them', () => {
    expect(texts('Oak, ash and Norway maple.', 'Name some trees of the Alps.')).toEqual([
      'Oak is among the trees of the Alps.',
      'Ash is among the trees of the Alps.',
      'Norway maple is among the trees of the Alps.',
    ]);
    expect(texts('- Tin\n- Zinc', "What were the town's exports?")[0]).toBe(
      "Tin was among the town's exports.",
    );
  });

  it('are left where the question asks for something else, or a piece is more than a name', () => {
    expect(texts('Oak, ash and elm.', 'Why are these trees tall?')).toEqual([]);
    expect(texts('Rest, water.', 'What are some ways to get well?')).toEqual([]);
    expect(texts('- Oak, a tall tree\n- Ash', 'Name some trees.')).toEqual([]);
  });
});
