/** @file A process to be killed: prepares a project through an endpoint, with the terminal's journal. ADDRESS, OUT, ROWS. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOpenAiAuthor } from '../../../src/authors/openai/openai_author.ts';
import { UsageMeter } from '../../../src/authors/openai/usage.ts';
import { openJournal } from '../../../src/cli/author_journal.ts';
import { promptsFromDisk } from '../../../src/cli/prompts.ts';
import { CONCURRENCY, prepare, riverRows } from './support.ts';

const [baseUrl, out, rows] = process.argv.slice(2) as [string, string, string];
const journal = openJournal(out);
const author = await createOpenAiAuthor(promptsFromDisk(), {
  ...{ baseUrl, model: 'fixture', key: null, concurrency: CONCURRENCY, fetch, now: Date.now },
  meter: new UsageMeter(null),
});
const project = await prepare(author, riverRows(Number(rows)), {
  kept: journal.kept,
  onCall: journal.append,
});
writeFileSync(join(out, 'project.json'), JSON.stringify(project));
