/** @file The prompt files: complete, filled without surprises, and each part of the version of its own operation only. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AUTHOR_OPERATIONS } from '../../src/authors/author.ts';
import { createPromptedAuthor } from '../../src/authors/prompted_author.ts';
import { fillMessage, Prompts } from '../../src/authors/prompts.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';

const root = fileURLToPath(new URL('../../src/authors/prompts/', import.meta.url));
const files = new Map(
  readdirSync(root).map((file) => [file.replace(/\.md$/, ''), readFileSync(`${root}${file}`, 'utf8')]),
);

const versionsWith = async (changed: ReadonlyMap<string, string>, settings = { model: 'm' }) => {
  const ask = async () => ({ kind: 'failed', reason: 'none' }) as const;
  const prompts = new Prompts(new Map([...files, ...changed]));
  return (await createPromptedAuthor({ name: 'x', prompts, settings, concurrency: 1, ask })).versions;
};

describe('the prompt files', () => {
  it('are all used, and all ask for JSON, which some endpoints demand', () => {
    const used = AUTHOR_OPERATIONS.flatMap((operation) => promptsFromDisk().of(operation));
    expect(used.map(({ text }) => text).sort()).toEqual([...files.values()].sort());
    for (const { instructions } of used) expect(instructions).toContain('JSON');
  });

  it('are refused where one is missing or malformed', () => {
    const without = new Map(files);
    without.delete('revise');
    expect(() => new Prompts(without)).toThrow('prompt revise');
    expect(() => new Prompts(new Map([...files, ['revise', 'no message']]))).toThrow('prompt revise');
    const unknown = new Map([...files, ['revise', 'Do it.\n\n---\n\n{{atm}}']]);
    expect(() => new Prompts(unknown)).toThrow('unknown blank atm');
  });

  it('are filled once: what a row says is no blank', () => {
    const values = { question: 'What does {{answer}} mean, and $& and $1?', answer: 'A blank.' };
    const message = fillMessage(promptsFromDisk().get('extract'), values);
    expect(message).toContain('What does {{answer}} mean, and $& and $1?');
    expect(message.match(/A blank\./g)).toHaveLength(1);
  });
});

describe('the version of an operation', () => {
  it('changes with its own prompt, and with no other', async () => {
    const before = await versionsWith(new Map());
    const after = await versionsWith(new Map([['judge_factuality', `${files.get('judge_factuality')} `]]));
    const changed = AUTHOR_OPERATIONS.filter((operation) => before[operation] !== after[operation]);
    expect(changed).toEqual(['judge']);
  });

  it('changes with the model', async () => {
    const [one, other] = [await versionsWith(new Map()), await versionsWith(new Map(), { model: 'n' })];
    for (const operation of AUTHOR_OPERATIONS) expect(one[operation]).not.toBe(other[operation]);
  });
});
