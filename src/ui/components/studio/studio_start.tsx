/** @file Where a project comes from: the user's file, a text, the bundled questions, or a project file. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { describeFailure } from '../../../workers/failure.ts';
import { formatInteger } from '../../format.ts';
import { bundledQuestions } from '../../state/bundled_questions.ts';
import { dataset, questionRows } from '../../state/dataset.ts';
import { busyWith, startFromDocument, startProject, studioFailure } from '../../state/studio.ts';
import { OpenProject } from './open_project.tsx';

const BUNDLED = 60;

export function StudioStart(): JSX.Element {
  return (
    <div class="studio-start">
      <FromData />
      <FromText />
      <FromElsewhere />
    </div>
  );
}

async function begin(work: () => Promise<void>): Promise<void> {
  if (busyWith.value !== null) return;
  try {
    await work();
  } catch (error) {
    studioFailure.value = describeFailure(error);
  }
}

function FromData(): JSX.Element {
  const data = dataset.value;
  const rows = data?.rows ?? 0;
  const use = async () => {
    const questions = await questionRows();
    await startProject(data!.name, questions.rows, questions.known);
  };
  return (
    <div class="sheet">
      <h3>From your questions and answers</h3>
      <p class="soft">
        {rows > 0 ? (
          <>
            <span class="file-name">{data!.name}</span> is open above.
            {data!.kind === 'preference' ? ' Its better answers are taken; worse ones are made anew.' : ''}
          </>
        ) : (
          <>
            Open a file under <a href="#dataset">Your data</a>: Alpaca, ShareGPT, chat messages or plain
            columns.
          </>
        )}
      </p>
      <div class="actions">
        <button
          type="button"
          aria-disabled={rows === 0 || busyWith.value !== null}
          onClick={() => {
            if (rows > 0) void begin(use);
          }}
        >
          {rows === 0 ? 'Use its rows' : rows === 1 ? 'Use its row' : `Use its ${formatInteger(rows)} rows`}
        </button>
      </div>
    </div>
  );
}

function FromText(): JSX.Element {
  const [text, setText] = useState('');
  const isEmpty = text.trim() === '';
  return (
    <form
      class="sheet"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty) void begin(() => startFromDocument('Pasted text', text));
      }}
    >
      <h3>From a text</h3>
      <label>
        <span class="soft">
          Paste a page of notes, an article or a manual: each passage becomes an answer.
        </span>
        <textarea
          rows={5}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          placeholder="Whole sentences. Headings help."
        />
      </label>
      <div class="actions">
        <button type="submit" class="quiet" aria-disabled={isEmpty || busyWith.value !== null}>
          Ask about its passages
        </button>
      </div>
    </form>
  );
}

function FromElsewhere(): JSX.Element {
  return (
    <div class="sheet">
      <h3>Or look around first</h3>
      <p class="soft">
        {BUNDLED} questions about countries and chemical elements come with TabTune. A project that was saved
        to a file goes on where it was.
      </p>
      <div class="actions">
        <button
          type="button"
          class="quiet"
          onClick={() =>
            void begin(async () => startProject('Bundled questions', await bundledQuestions(BUNDLED)))
          }
        >
          Use the bundled questions
        </button>
        <OpenProject label="Open a project file" />
      </div>
    </div>
  );
}
