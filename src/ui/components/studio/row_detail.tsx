/** @file One question with everything that was made of it. Every text can be written anew; every part left out. */
import type { JSX } from 'preact';
import type { Edit, TextPart } from '../../../knowtuning/edits.ts';
import type { ComparisonPair } from '../../../knowtuning/project.ts';
import type { Failure } from '../../../workers/failure.ts';
import type { StudioRow } from '../../../workers/studio_protocol.ts';
import { formatInteger } from '../../format.ts';
import { edit } from '../../state/studio_rows.ts';
import { ASPECT_TITLES } from '../pair_list.tsx';
import { WorseText } from '../worse_text.tsx';
import { SEVERITY_WORDS } from './audit_panel.tsx';
import { OPERATION_TITLES } from './build_progress.tsx';
import { EditableText } from './editable_text.tsx';
import { FactRows } from './fact_rows.tsx';
import { DETAIL_ID, GRID_ID } from './focus.ts';
import { LeaveOut } from './leave_out.tsx';
import { isField } from './review.tsx';

export function RowDetail({ row }: { row: StudioRow }): JSX.Element {
  const { question, index } = row;
  const write = (at: TextPart) => (text: string) => edit(row, { kind: 'write', at, text });
  return (
    <section
      id={DETAIL_ID}
      class={question.excluded ? 'detail excluded' : 'detail'}
      aria-label={`Question ${index + 1}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to.
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || isField(event.target)) return;
        event.preventDefault();
        document.getElementById(GRID_ID)?.focus();
      }}
    >
      <header>
        <span class="eyebrow">Question {formatInteger(index + 1)}</span>
        <LeaveOut
          what="the question"
          excluded={question.excluded ?? false}
          onChange={(excluded) => edit(row, { kind: 'exclude', at: { part: 'row' }, excluded })}
        />
      </header>
      {question.excluded ? <p class="unsupported">Left out: nothing of it is trained on.</p> : null}
      <div class="asked">
        <EditableText label="Question" text={question.question} onSave={write({ part: 'question' })} />
      </div>
      <div class="answered">
        <EditableText label="Answer" text={question.answer} onSave={write({ part: 'answer' })} />
      </div>
      <Remarks row={row} />
      <section>
        <h4>Its facts</h4>
        {question.atoms.length === 0 ? <Unwritten row={row} /> : <FactRows row={row} />}
      </section>
      {question.fineGrained ? (
        <section>
          <h4>Asked again</h4>
          <div class="asked">
            <EditableText
              label="Question asked again"
              text={question.fineGrained.question}
              onSave={write({ part: 'fineQuestion' })}
            />
          </div>
          <div class="answered">
            <EditableText
              label="Its answer"
              text={question.fineGrained.answer}
              onSave={write({ part: 'fineAnswer' })}
            />
          </div>
        </section>
      ) : null}
      {question.better === null ? null : <Pairs row={row} write={write} />}
    </section>
  );
}

function Unwritten({ row: { question } }: { row: StudioRow }): JSX.Element {
  return (
    <p class="soft">
      {(question.stale?.length ?? 0) > 0 ? 'Not written yet.' : 'No fact was found in this answer.'}
    </p>
  );
}

interface PairsProps {
  readonly row: StudioRow;
  readonly write: (at: TextPart) => (text: string) => Promise<Failure | null>;
}

function Pairs({ row, write }: PairsProps): JSX.Element {
  const { question } = row;
  const exclude = (aspect: ComparisonPair['aspect'], excluded: boolean) =>
    edit(row, { kind: 'exclude', at: { part: 'worse', aspect }, excluded } satisfies Edit);
  return (
    <section>
      <h4>Compared</h4>
      <dl class="pairs">
        <div class="better">
          <dt>Better</dt>
          <dd>
            <EditableText label="Better answer" text={question.better!} onSave={write({ part: 'better' })} />
          </dd>
        </div>
        {question.pairs.map((pair) => (
          <div key={pair.aspect} class={pair.excluded ? 'worse excluded' : 'worse'}>
            <dt>
              {ASPECT_TITLES[pair.aspect]}
              <LeaveOut
                what={`the ${pair.aspect} answer`}
                excluded={pair.excluded ?? false}
                onChange={(excluded) => exclude(pair.aspect, excluded)}
              />
            </dt>
            <dd>
              <EditableText
                label={`Worse answer, ${pair.aspect}`}
                text={pair.worse}
                onSave={write({ part: 'worse', aspect: pair.aspect })}
              >
                <WorseText pair={pair} atoms={question.atoms} />
              </EditableText>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What the audit says, and what could not be done. */
function Remarks({ row: { question, findings } }: { row: StudioRow }): JSX.Element | null {
  if (findings.length === 0 && question.problems.length === 0) return null;
  return (
    <ul class="remarks">
      {findings.map(({ kind, severity, aspect, message, cure }) => (
        <li key={`${kind} ${aspect} ${message}`}>
          <span class={`severity ${severity}`}>{SEVERITY_WORDS[severity]}</span>
          <span>
            {message} <span class="soft">{cure}</span>
          </span>
        </li>
      ))}
      {question.problems.map(({ operation, reason }) => (
        <li key={operation + reason}>
          <span class="severity note">Could not be done</span>
          <span>
            {OPERATION_TITLES[operation] ? `${OPERATION_TITLES[operation]}: ` : ''}
            {reason}
          </span>
        </li>
      ))}
    </ul>
  );
}
