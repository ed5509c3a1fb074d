/** @file A document as questions and answers: where it is cut, what is left out, and who writes the questions. */
import { describe, expect, it } from 'vitest';
import { createTextAuthor } from '../../src/authors/rules_text/text_author.ts';
import { documentRows, splitDocument } from '../../src/knowtuning/document.ts';

const TEXT = `# The **lighthouse** of Varnholm

The lighthouse of Varnholm stands on a rock.
It was built in 1871 by [Ida Brandt](http://x).

- Its lamp burns whale oil.
- tiny

\`\`\`
code is no text.
\`\`\`

Keepers
-------

The first keeper was Olof Lind. He stayed for thirty years.
`;

describe('splitDocument', () => {
  it('cuts at headings, paragraphs and list items, without Markdown, code and scraps', () => {
    const heading = 'The lighthouse of Varnholm';
    expect(splitDocument(TEXT)).toEqual([
      {
        heading,
        sentences: ['The lighthouse of Varnholm stands on a rock.', 'It was built in 1871 by Ida Brandt.'],
      },
      { heading, sentences: ['Its lamp burns whale oil.'] },
      { heading: 'Keepers', sentences: ['The first keeper was Olof Lind.', 'He stayed for thirty years.'] },
    ]);
  });

  it('cuts long paragraphs between sentences', () => {
    const long = 'This is a sentence of a long paragraph. '.repeat(9);
    expect(splitDocument(long).map(({ sentences }) => sentences.length)).toEqual([4, 4, 1]);
  });
});

describe('documentRows', () => {
  const refuses = { rewriteQuestion: async () => ({ ok: false as const, reason: 'no' }) };

  it('asks for the heading where the author finds no question, and never the same twice', async () => {
    const problems: string[] = [];
    const rows = await documentRows(TEXT, 'a.md', refuses, (id) => problems.push(id));
    expect(rows.map(({ question }) => question)).toEqual([
      'What does the text say about The lighthouse of Varnholm?',
      'What does the text say about The lighthouse of Varnholm? (part 2)',
      'What does the text say about Keepers?',
    ]);
    expect(rows[2]!.answer).toBe('The first keeper was Olof Lind. He stayed for thirty years.');
    expect(problems).toHaveLength(3);
  });

  it('takes the questions of the rules, which give nothing away', async () => {
    const [row] = await documentRows('The lamp of Varnholm burns whale oil.', 'a.txt', createTextAuthor(1));
    expect(row!.question).toMatch(/lamp of Varnholm/i);
    expect(row!.question).not.toMatch(/whale/);
  });

  it('refuses a text without sentences', async () => {
    await expect(documentRows('# Title\n\nscraps', 'a.md', refuses)).rejects.toThrow(
      'a.md: holds no passage',
    );
  });
});
