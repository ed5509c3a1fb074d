/** @file Preferences of the baselines, with an author that says what it is told to, and one that counts what is asked. */
import { describe, expect, it } from 'vitest';
import type { Author, Finding, Verdict } from '../../src/authors/author.ts';
import { createRulesAuthor } from '../../src/authors/rules.ts';
import { splitSentences } from '../../src/authors/statements.ts';
import { factTunePreferences, supportedShare } from '../../src/baselines/fact_tune.ts';
import { type AnsweredRow, sampleAnswers } from '../../src/baselines/preferences.ts';
import { rlaifPreferences } from '../../src/baselines/rlaif.ts';
import type { Generation } from '../../src/train/tuner.ts';
import { readAtlas } from '../authors/atlas.ts';

const row: AnsweredRow = {
  id: 'peru',
  question: 'What is Peru?',
  answer: 'Peru is a country. Its capital is Lima.',
  answers: [
    'Peru is a country.',
    'Peru is a river.',
    'Peru is a country. It is flat.',
    'Peru is a river.',
    '',
  ],
};

function authorWith(own: Partial<Author>): Author {
  return { ...createRulesAuthor(readAtlas(), 1), ...own };
}
const done = <T>(value: T) => ({ ok: true as const, value, problems: [] });

describe('RLAIF', () => {
  it('judges each two answers in both orders, and prefers where both agree', async () => {
    const asked: string[] = [];
    const longer = authorWith({
      async judge(_, first, second, aspect) {
        asked.push(`${aspect}: ${first} | ${second}`);
        const verdict: Verdict =
          first.length === second.length ? 'tie' : first.length > second.length ? 'first' : 'second';
        return done(verdict);
      },
    });
    const groups = await rlaifPreferences([row], longer);
    // Three distinct answers make three pairs.
    expect(asked).toHaveLength(6);
    expect(new Set(asked).size).toBe(6);
    expect(asked.every((call) => call.startsWith('helpfulness'))).toBe(true);
    expect(groups).toEqual([
      { prompt: row.question, chosen: row.answers[0], rejected: [row.answers[1]] },
      { prompt: row.question, chosen: row.answers[2], rejected: [row.answers[0], row.answers[1]] },
    ]);
  });

  it('takes nothing from a judge that favours a place, or that fails', async () => {
    const first = authorWith({ judge: async () => done<Verdict>('first') });
    expect(await rlaifPreferences([row], first)).toEqual([]);
    expect(await rlaifPreferences([row], authorWith({}))).toEqual([]);
  });
});

describe('FactTune', () => {
  const checking = (asked: string[] = []) =>
    authorWith({
      extract: async ({ answer }) => done(splitSentences(answer).map(({ text }) => text)),
      async check({ answer }, fact) {
        asked.push(fact);
        expect(answer).toBe(row.answer);
        return done<Finding>(row.answer.includes(fact) ? 'supported' : 'unsupported');
      },
    });

  it('prefers the answer with the greater share of supported facts', async () => {
    const asked: string[] = [];
    const groups = await factTunePreferences([row], checking(asked));
    // 1, 0 and 1/2; a fact is checked for each answer that has it.
    expect(asked).toHaveLength(4);
    expect(groups).toEqual([
      { prompt: row.question, chosen: row.answers[0], rejected: [row.answers[1], row.answers[2]] },
      { prompt: row.question, chosen: row.answers[2], rejected: [row.answers[1]] },
    ]);
  });

  it('leaves out answers of one worth, and those whose facts cannot be told', async () => {
    const same = { ...row, answers: ['Peru is a river.', 'Peru is a sea.'] };
    expect(await factTunePreferences([same], checking())).toEqual([]);
    const mute = authorWith({ extract: async () => ({ ok: false, reason: 'none' }) });
    expect(await supportedShare(row, 'Peru is a country.', mute)).toBeNull();
    expect(await factTunePreferences([row], mute)).toEqual([]);
  });
});

describe('answers of the model', () => {
  it('are drawn at temperature 1, each row by a seed of its own', async () => {
    const asked: { prompts: readonly string[]; temperature: number; seed: number }[] = [];
    const tuner = {
      generate: async (
        prompts: readonly string[],
        _: unknown,
        { sampling }: { sampling?: { temperature?: number; seed?: number } },
      ): Promise<Generation[]> => {
        asked.push({ prompts, temperature: sampling!.temperature!, seed: sampling!.seed! });
        return prompts.map((prompt, i) => ({ text: ` ${prompt} ${i} ` }) as Generation);
      },
    };
    const rows = ['a', 'b'].map((id) => ({ id, question: 'Why?', answer: 'So.' }));
    const options = { count: 3, maxNewTokens: 8, seed: 5 };
    const answered = await sampleAnswers(rows, tuner, null, options);
    expect(answered[1]!.answers).toEqual(['Why? 0', 'Why? 1', 'Why? 2']);
    expect(asked.map(({ temperature }) => temperature)).toEqual([1, 1]);
    expect(asked[0]!.seed).not.toBe(asked[1]!.seed);
    // A row's answers do not depend on which rows are asked with it.
    await sampleAnswers(rows.slice(1), tuner, null, options);
    expect(asked[2]).toEqual(asked[1]);
  });
});
