/** @file Data sets in others' formats, read back by the readers that any file goes through. */
import { describe, expect, it } from 'vitest';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { type Dataset, detectDataset } from '../../src/formats/dataset.ts';
import { augmentedRows } from '../../src/knowtuning/augment.ts';
import { preferenceRows } from '../../src/knowtuning/compare.ts';
import { EXPORT_FORMATS, exportFiles } from '../../src/knowtuning/exports/files.ts';
import { extractAtoms, writeComparisons } from '../../src/knowtuning/prepare.ts';
import { defaultMethod, type Project, startProject } from '../../src/knowtuning/project.ts';
import { readAtlas } from '../authors/atlas.ts';

const odd = 'Line one.\n"Quoted", with a tab\tand ünïcode: 東京 \\ {} — 😀';

async function project(): Promise<Project> {
  const author = createWorldAuthor(readAtlas());
  const rows = [
    {
      id: 'a',
      question: 'About Chad: the capital and continent?',
      answer: "Chad lies on the continent of Africa. Chad is governed from N'Djamena.",
    },
    { id: 'b', question: 'About Iron: the symbol?', answer: 'The symbol of Iron is Fe.' },
  ];
  const made = await writeComparisons(
    await extractAtoms(startProject('p', rows, defaultMethod), author),
    author,
  );
  expect(made.questions[0]!.pairs).toHaveLength(3);
  // Texts that escaping could spoil.
  made.questions[1]!.fineGrained = { question: odd, answer: `${odd} again` };
  made.questions[1]!.pairs[0]!.worse = odd;
  return made;
}

const read = (text: string, name: string): Dataset => detectDataset(new TextEncoder().encode(text), name);

describe('exported data sets', () => {
  it.each(EXPORT_FORMATS.filter((format) => format !== 'kto'))(
    'read back as they were: %s',
    async (format) => {
      const made = await project();
      const files = exportFiles(made, format);
      const sft = augmentedRows(made);
      const dpo = preferenceRows(made).map(({ prompt, chosen, rejected }) => ({
        prompt,
        chosen,
        rejected: [rejected],
      }));
      expect([sft.length, dpo.length]).toEqual([3, 4]);
      expect(files.size).toBeGreaterThanOrEqual(2);
      for (const [name, text] of files) {
        const dataset = read(text, name);
        expect(dataset.dropped).toEqual([]);
        expect(dataset.kind).toBe(/sft/.test(name) ? 'sft' : 'preference');
        expect(dataset.rows).toEqual(dataset.kind === 'sft' ? sft : dpo);
      }
    },
  );

  it('are told by name where their format has one', async () => {
    const made = await project();
    const formats = EXPORT_FORMATS.flatMap((format) =>
      [...exportFiles(made, format)].map(([name, text]) => [name, read(text, name).format]),
    );
    expect(Object.fromEntries(formats)).toMatchObject({
      'alpaca/sft.json': 'Alpaca',
      'alpaca/dpo.json': 'Alpaca preference',
      'sharegpt/sft.jsonl': 'ShareGPT',
      'trl/sft.jsonl': 'Prompt and completion',
      'trl/sft_messages.jsonl': 'Chat messages',
      'openai/preference.jsonl': 'OpenAI preference',
    });
  });

  it('hold every answer once for KTO, with its label', async () => {
    const made = await project();
    const rows = [...exportFiles(made, 'kto').values()][0]!
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { prompt: string; completion: string; label: boolean });
    expect(rows).toHaveLength(1 + 3 + 1 + 1);
    for (const { prompt, chosen, rejected } of preferenceRows(made)) {
      expect(
        rows.filter((row) => row.prompt === prompt && row.completion === chosen && row.label),
      ).toHaveLength(1);
      expect(rows.filter((row) => row.completion === rejected).map(({ label }) => label)).toEqual([false]);
    }
  });

  it('leave out data sets without rows', async () => {
    const made = await project();
    for (const question of made.questions) question.pairs = [];
    expect([...exportFiles(made, 'sharegpt').keys()]).toEqual(['sharegpt/sft.jsonl']);
    expect(exportFiles(made, 'kto').size).toBe(0);
  });
});
