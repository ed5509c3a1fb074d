/** @file Who writes: rules, an endpoint or the loaded model; what it will cost, and how far it has come. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { StudioAuthor, StudioView } from '../../../workers/studio_protocol.ts';
import { formatInteger } from '../../format.ts';
import { build, buildEnd, cancelBuild, course, setAuthor } from '../../state/studio.ts';
import { lendToStudio, model } from '../../state/workbench.ts';
import { FailureNotice, Notice } from '../notice.tsx';
import { BuildProgress } from './build_progress.tsx';
import { EndpointForm } from './endpoint_form.tsx';
import { PromptList } from './prompt_list.tsx';

const AUTHORS: readonly (readonly [StudioAuthor['kind'], string, string])[] = [
  [
    'rules',
    'Rules',
    'Any English, in seconds, with nothing to pay and nothing sent. Says what it cannot do.',
  ],
  [
    'openai',
    'A language model elsewhere',
    'Any endpoint that speaks OpenAI’s chat completions: a service, or a server of yours.',
  ],
  ['local', 'The loaded model', 'Writes in this tab. Small models write poorly: read what they made.'],
];

export function AuthorPanel({ view }: { view: StudioView }): JSX.Element {
  const [kind, setKind] = useState<StudioAuthor['kind']>(view.author);
  const choose = (next: StudioAuthor['kind']) => {
    setKind(next);
    if (next === 'rules') void setAuthor({ kind: 'rules' });
    if (next === 'local' && model.value) void lendToStudio(model.value.name).then(setAuthor);
  };
  const ready = kind === view.author && !(kind === 'local' && model.value === null);
  const start = () => {
    if (ready && !view.building && view.unwritten > 0) void build();
  };
  return (
    <div class="sheet author">
      <fieldset class="author-choice" disabled={view.building}>
        <legend>Who writes</legend>
        {AUTHORS.map(([each, title, text]) => (
          <label key={each}>
            <input type="radio" name="studio-author" checked={kind === each} onChange={() => choose(each)} />
            <span>
              <strong>{title}</strong>
              <small>{text}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {kind === 'openai' ? <EndpointForm taken={view.author === 'openai'} disabled={view.building} /> : null}
      {kind === 'local' && model.value === null ? (
        <p class="soft">
          Load a model under <a href="#workbench">Use it</a> first.
        </p>
      ) : null}
      {kind === 'local' || kind === 'openai' ? <PromptList /> : null}
      <div class="actions">
        <button type="button" onClick={start} aria-disabled={!ready || view.building || view.unwritten === 0}>
          {writeLabel(view)}
        </button>
        {view.building ? (
          <button type="button" class="quiet" onClick={() => void cancelBuild()}>
            Stop
          </button>
        ) : null}
      </div>
      {course.value ? <BuildProgress course={course.value} building={view.building} /> : null}
      <BuildEnd view={view} />
    </div>
  );
}

function writeLabel({ unwritten, questions, building }: StudioView): string {
  if (building) return 'It is being written';
  if (unwritten === 0) return 'Everything is written';
  const count = `${formatInteger(unwritten)} ${unwritten === 1 ? 'question' : 'questions'}`;
  return unwritten === questions ? `Write the data for ${count}` : `Write what is missing of ${count}`;
}

function BuildEnd({ view }: { view: StudioView }): JSX.Element | null {
  const end = buildEnd.value;
  if (end === null || view.building) return null;
  if (end.kind === 'failed') return <FailureNotice failure={end.failure} />;
  if (end.kind === 'cancelled')
    return (
      <p class="soft" role="status">
        Stopped. What was written is kept, and nobody is asked for it again.
      </p>
    );
  if (end.failed === 0) return null;
  return (
    <Notice
      title={`${formatInteger(end.failed)} ${end.failed === 1 ? 'question was' : 'questions were'} not answered for.`}
    >
      <p>
        They stay among what is to be written; each says why under “Could not be done”. Writing again asks for
        these alone.
      </p>
    </Notice>
  );
}
