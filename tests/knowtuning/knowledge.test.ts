/** @file What a model knows, by its answers; here the "model" is a list of answers, so that every class has its case. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { parseStatement } from '../../src/authors/statements.ts';
import { augmentedRows } from '../../src/knowtuning/augment.ts';
import { countKnowledge } from '../../src/knowtuning/counts.ts';
import { selectDifficult, selectMiddle } from '../../src/knowtuning/difficulty.ts';
import { KNOWLEDGE_OPTIONS, knowledgeLevel, measureKnowledge } from '../../src/knowtuning/knowledge.ts';
import { extractAtoms, writeFineGrained } from '../../src/knowtuning/prepare.ts';
import { clozePrompt, hasKeyWords, keyWords, Vocabulary } from '../../src/knowtuning/probes.ts';
import {
  defaultMethod,
  type MethodOptions,
  type Project,
  startProject,
} from '../../src/knowtuning/project.ts';
import { writeReplay } from '../../src/knowtuning/replay.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { selectAtoms } from '../../src/knowtuning/select.ts';
import type { GenerateOptions, Generation, Tuner } from '../../src/train/tuner.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const world = readAtlas();
const author = createWorldAuthor(world);
const rows = parseTrainRows(readRows<unknown>('train').slice(0, 40), 'train.jsonl');

const started = (method: MethodOptions = defaultMethod): Promise<Project> =>
  extractAtoms(startProject('p', rows, method), author);

type Answers = (prompt: string, temperature: number, draw: number) => string;

/** Answers by a function of the prompt, the temperature, and how often the prompt was seen in the call. */
function answering(answers: Answers): Pick<Tuner, 'generate'> & { prompts: string[] } {
  const prompts: string[] = [];
  return {
    prompts,
    async generate(
      asked: readonly string[],
      _adapter: unknown,
      options: GenerateOptions,
    ): Promise<Generation[]> {
      prompts.push(...asked);
      const seen = new Map<string, number>();
      return asked.map((prompt) => {
        const draw = seen.get(prompt) ?? 0;
        seen.set(prompt, draw + 1);
        const text = answers(prompt, options.sampling?.temperature ?? 0, draw);
        return { text, ids: new Uint32Array(), finish: 'eos' };
      });
    },
  };
}

/** Everything that the bundled rows state, as one answer that is always right. */
const everything = rows.map(({ answer }) => answer).join(' ');
/** Atoms that can be asked for. The question for the capital of Vatican City gives its own answer. */
const askable = ({ questions }: Project): number =>
  questions.flatMap(({ atoms }) => atoms.filter(({ text }) => !/Vatican City.*Vatican City/.test(text)))
    .length;
const measure = (project: Project, answers: Answers) =>
  measureKnowledge(project, answering(answers), null, author, 'knowledge');

describe('words that an answer is told by', () => {
  const vocabulary = new Vocabulary([
    'Is Paris in France?',
    'The capital of Chad is large.',
    'The capital of Mali is old.',
    'Iron rusts in water.',
  ]);
  const keys = (atom: string, prompt: string) => keyWords(atom, prompt, vocabulary);

  it('are the numbers and names that the prompt does not give away', () => {
    expect(keys('The capital of France is Paris.', 'What is the capital of France?')).toEqual(['pari']);
    expect(keys('Paris is the capital of France.', 'Which city is the capital of France?')).toEqual(['pari']);
    expect(keys('Tin has the number 50.', 'What is the number of tin?')).toEqual(['50']);
    expect(keys('The languages are Arabic and French.', 'Which languages?')).toEqual(['arab', 'french']);
  });

  it('are the rarest words where there are none, and nothing where nothing is left to say', () => {
    expect(keys('The capital sinks.', 'What of the city?')).toEqual(['sink']);
    expect(keys('Iron rusts.', 'Does iron rust?')).toBeNull();
  });

  it('must all occur, whatever the words around them', () => {
    expect(hasKeyWords('It speaks French, and Arabic too.', ['arab', 'french'])).toBe(true);
    expect(hasKeyWords('It speaks French.', ['arab', 'french'])).toBe(false);
    expect(hasKeyWords('It has 1,500 of them.', ['1500'])).toBe(true);
    expect(hasKeyWords('', ['arab'])).toBe(false);
  });

  it('come after the beginning of the atom that is a prompt', () => {
    const cloze = (atom: string, question: string) => clozePrompt(atom, question, vocabulary);
    expect(cloze('The capital of France is Paris.', 'The capital of France?')).toBe(
      'The capital of France is',
    );
    expect(cloze('Calls to Chad begin with +235.', 'Calls?')).toBe('Calls to Chad begin with +');
    // Asked backwards many answers would do.
    expect(cloze('Africa is the continent of Chad.', 'Where is Chad?')).toBeNull();
    expect(cloze('Iron rusts.', 'Iron?')).toBeNull();
    expect(cloze('It is in Mali.', 'Where?')).toBeNull();
  });
});

describe('the classes of knowledge', () => {
  it('follow from the shares of right answers', () => {
    expect([
      knowledgeLevel(1, 0),
      knowledgeLevel(0.5, 0),
      knowledgeLevel(0, 0.1),
      knowledgeLevel(0, 0),
    ]).toEqual(['HighlyKnown', 'MaybeKnown', 'WeaklyKnown', 'Unknown']);
  });

  it('are measured by all prompts about a fact, greedily and by sampling', async () => {
    const project = await started();
    const levels = async (answers: Answers) => countKnowledge(await measure(project, answers), 'knowledge');
    const atoms = askable(project);
    expect(atoms).toBe(87);
    const all = { HighlyKnown: 0, MaybeKnown: 0, WeaklyKnown: 0, Unknown: 0 };
    expect(await levels(() => everything)).toEqual({ ...all, HighlyKnown: atoms });
    expect(await levels(() => 'I do not know.')).toEqual({ ...all, Unknown: atoms });
    expect(
      await levels((_, temperature, draw) => (temperature > 0 && draw === 5 ? everything : 'No.')),
    ).toEqual({
      ...all,
      WeaklyKnown: atoms,
    });
    const some = await levels((prompt) =>
      prompt.endsWith('.') || prompt.endsWith('?') ? everything : 'No.',
    );
    expect(some!.MaybeKnown).toBeGreaterThan(atoms / 3);
    expect(some!.HighlyKnown + some!.MaybeKnown).toBe(atoms);
  });

  it('hold the shares, and leave unsupported atoms out', async () => {
    const project = await started();
    project.questions[0]!.atoms[0]!.supported = false;
    const measured = await measure(project, (_, temperature, draw) =>
      temperature > 0 && draw < 2 ? everything : '',
    );
    expect(measured.questions[0]!.atoms[0]!.knowledge).toBeNull();
    expect(measured.questions[0]!.atoms[1]!.knowledge).toEqual({
      ...{ level: 'WeaklyKnown', greedy: 0, sampled: 2 / KNOWLEDGE_OPTIONS.samples },
    });
    expect(measured.questions[0]!.atoms[1]!.knowledgeAfter).toBeNull();
  });

  it('come from prompts that do not give the answer away', async () => {
    const project = await started();
    const tuner = answering((prompt) => prompt);
    const measured = await measureKnowledge(project, tuner, null, author, 'knowledgeAfter');
    // A model that repeats the prompt knows nothing.
    expect(countKnowledge(measured, 'knowledgeAfter')!.Unknown).toBe(askable(project));
    expect(new Set(tuner.prompts).size).toBeGreaterThan(project.questions.length);
  });
});

/** Facts about elements are known, those about countries are not. */
const halfKnown = async (method: MethodOptions): Promise<Project> => {
  const project = await measure(await started(method), () => '');
  const level = (text: string) =>
    parseStatement(world, text)!.pattern.kind === 'element' ? ('HighlyKnown' as const) : ('Unknown' as const);
  return {
    ...project,
    questions: project.questions.map((question, q) => ({
      ...question,
      atoms: question.atoms.map((atom, i) => ({
        ...atom,
        perplexity: 1 + ((q * 7 + i * 3) % 11),
        knowledge: { ...atom.knowledge!, level: level(atom.text) },
      })),
    })),
  };
};
const difficult = ({ questions }: Project) =>
  questions.flatMap(({ atoms }) => atoms.filter((atom) => atom.difficult));

describe('selecting facts', () => {
  it('takes the middle band of all, not the most surprising', async () => {
    expect(selectMiddle([5, 1, 9, 3, 7, 11], 0.5)).toEqual([0, 3, 4]);
    expect(selectMiddle([5, 1, 9, 3, 7], 0.5)).toEqual([0, 3, 4]);
    expect([selectMiddle([], 0.5), selectMiddle([4], 0.5), selectMiddle([2, 1], 1)]).toEqual([
      [],
      [0],
      [0, 1],
    ]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { maxLength: 40 }), (values) => {
        const chosen = selectMiddle(values, 0.3);
        expect(chosen).toHaveLength(selectDifficult(values, 0.3).length);
        const [least, most] = [Math.min, Math.max].map((of) => of(...chosen.map((i) => values[i]!)));
        const above = values.filter((value) => value > most!).length;
        const below = values.filter((value) => value < least!).length;
        expect(above + below).toBeLessThanOrEqual(values.length - chosen.length);
        expect(Math.max(above, below)).toBeLessThanOrEqual(Math.ceil((values.length - chosen.length) / 2));
      }),
    );
    const project = selectAtoms(await halfKnown({ ...defaultMethod, select: 'middle', alpha: 0.4 }));
    const all = project.questions.flatMap(({ atoms }) => atoms);
    const chosen = difficult(project).map(({ perplexity }) => perplexity!);
    expect(chosen).toHaveLength(Math.ceil(0.4 * all.length));
    expect(Math.max(...chosen)).toBeLessThan(Math.max(...all.map(({ perplexity }) => perplexity!)));
    expect(Math.min(...chosen)).toBeGreaterThan(Math.min(...all.map(({ perplexity }) => perplexity!)));
  });

  it('takes known facts only, where it is told to', async () => {
    const top = selectAtoms(await halfKnown(defaultMethod));
    const known = selectAtoms(await halfKnown({ ...defaultMethod, select: 'known' }));
    expect(difficult(top).some(({ knowledge }) => knowledge!.level === 'Unknown')).toBe(true);
    expect(difficult(known).length).toBeGreaterThan(10);
    for (const { knowledge } of difficult(known)) expect(knowledge!.level).toBe('HighlyKnown');
    const unasked = await started({ ...defaultMethod, select: 'known' });
    expect(() => selectAtoms(unasked)).toThrow(/has not been asked of any/);
  });
});

describe('replay', () => {
  it('adds rows about known facts that were not selected, as many as the share says', async () => {
    const selected = selectAtoms(await halfKnown({ ...defaultMethod, replay: 0.25 }));
    const fine = await writeFineGrained(selected, author);
    const project = await writeReplay(fine, author);
    const fineRows = project.questions.filter(({ fineGrained }) => fineGrained).length;
    expect(project.replay).toHaveLength(Math.round(0.25 * fineRows));
    for (const { id, atom, answer } of project.replay) {
      const own = project.questions.find((question) => question.id === id)!.atoms[atom]!;
      expect(own).toMatchObject({ difficult: false, knowledge: { level: 'HighlyKnown' } });
      const [told, meant] = [answer, own.text].map((text) => parseStatement(world, text)!);
      expect([told!.entity, told!.slot, told!.value]).toEqual([meant!.entity, meant!.slot, meant!.value]);
    }
    expect(augmentedRows(project)).toHaveLength(rows.length + fineRows + project.replay.length);
    expect(augmentedRows(project).at(-1)).toEqual({
      prompt: project.replay.at(-1)!.question,
      completion: project.replay.at(-1)!.answer,
    });
    expect(await writeReplay(fine, author)).toEqual(project);
    const none = await writeReplay({ ...fine, method: { ...fine.method, replay: 0 } }, author);
    expect(augmentedRows(none)).toHaveLength(rows.length + fineRows);
  });
});
