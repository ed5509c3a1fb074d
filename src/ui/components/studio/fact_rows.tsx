/** @file The facts of a question: each can be written anew and left out; how hard it is before and after training. */
import type { JSX } from 'preact';
import type { ProjectAtom } from '../../../knowtuning/project.ts';
import type { StudioRow } from '../../../workers/studio_protocol.ts';
import { edit } from '../../state/studio_rows.ts';
import { Perplexity } from '../atom_table.tsx';
import { EditableText } from './editable_text.tsx';
import { LeaveOut } from './leave_out.tsx';

export function FactRows({ row }: { row: StudioRow }): JSX.Element {
  const { atoms } = row.question;
  const highest = Math.max(1, ...atoms.flatMap((atom) => [atom.perplexity ?? 1, atom.perplexityAfter ?? 1]));
  return (
    <ol class="fact-rows">
      {atoms.map((atom, i) => (
        <li key={i} class={classOf(atom)}>
          <EditableText
            label={`Fact ${i + 1}`}
            text={atom.text}
            onSave={(text) => edit(row, { kind: 'write', at: { part: 'atom', atom: i }, text })}
          />
          <LeaveOut
            what={`fact ${i + 1}`}
            excluded={atom.excluded ?? false}
            onChange={(excluded) => edit(row, { kind: 'exclude', at: { part: 'atom', atom: i }, excluded })}
          />
          {atom.perplexity === null ? null : (
            <div class="fact-measures">
              <Measure name="Before" value={atom.perplexity} highest={highest} />
              {atom.perplexityAfter === null ? null : (
                <Measure name="After" value={atom.perplexityAfter} highest={highest} />
              )}
              {atom.difficult ? <span class="mark difficult">Difficult</span> : null}
            </div>
          )}
          {atom.supported ? null : (
            <p class="unsupported">
              Takes no part: {atom.unsupportedReason ?? 'the answer does not hold it.'}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Measure({ name, value, highest }: { name: string; value: number; highest: number }): JSX.Element {
  return (
    <span class="measure">
      <span>{name}</span>
      <Perplexity value={value} highest={highest} />
    </span>
  );
}

function classOf({ excluded, supported, difficult }: ProjectAtom): string {
  return [excluded || !supported ? 'excluded' : '', difficult ? 'difficult' : ''].join(' ').trim();
}
