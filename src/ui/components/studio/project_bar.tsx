/** @file The project as a whole: its figures, and the ways in and out. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { EXPORT_FORMATS, type ExportFormat } from '../../../knowtuning/exports/files.ts';
import { describeFailure } from '../../../workers/failure.ts';
import type { StudioView } from '../../../workers/studio_protocol.ts';
import { download } from '../../download.ts';
import { formatInteger } from '../../format.ts';
import { exportZip, projectFile, removeProject, studioFailure } from '../../state/studio.ts';
import { OpenProject } from './open_project.tsx';

const FORMAT_TITLES: Readonly<Record<ExportFormat, string>> = {
  alpaca: 'Alpaca',
  sharegpt: 'ShareGPT',
  trl: 'TRL',
  openai: 'OpenAI preference',
  kto: 'KTO',
};

export function ProjectBar({ view }: { view: StudioView }): JSX.Element {
  const { counts } = view;
  const facts: [string, string][] = [
    ['Questions', formatInteger(view.questions)],
    ['Facts', formatInteger(counts.atoms)],
    ['Asked again', formatInteger(counts.fineGrained)],
    ['Pairs', formatInteger(counts.pairs)],
    ['To be written', formatInteger(view.unwritten)],
    ['Left out', formatInteger(counts.excluded)],
  ];
  return (
    <div class="sheet project-bar">
      <div class="project-name">
        <div>
          <h3>{view.name}</h3>
          {view.source ? (
            <p class="soft">
              {view.source.name}, licence: {view.source.licence ?? 'not named by its publisher'}
            </p>
          ) : null}
        </div>
        <div class="actions">
          <SaveAs />
          <OpenProject label="Open another" small />
          <RemoveProject name={view.name} />
        </div>
      </div>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Hands a file to the user; what goes wrong is shown. */
async function save(work: () => Promise<Uint8Array<ArrayBuffer>>, name: string): Promise<void> {
  studioFailure.value = null;
  try {
    download(await work(), name);
  } catch (error) {
    studioFailure.value = describeFailure(error);
  }
}

function SaveAs(): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  const pick = (work: () => Promise<Uint8Array<ArrayBuffer>>, name: string) => {
    menu.current!.open = false;
    void save(work, name);
  };
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !menu.current!.open) return;
        menu.current!.open = false;
        menu.current!.querySelector('summary')!.focus();
      }}
    >
      <summary>Save as</summary>
      <ul>
        <li>
          <button type="button" onClick={() => pick(projectFile, 'project.json')}>
            Project file <small>everything, to go on with</small>
          </button>
        </li>
        {EXPORT_FORMATS.map((format) => (
          <li key={format}>
            <button type="button" onClick={() => pick(() => exportZip(format), `tabtune-${format}.zip`)}>
              {FORMAT_TITLES[format]} <small>data sets to train on</small>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function RemoveProject({ name }: { name: string }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" class="quiet small" onClick={() => dialog.current?.showModal()}>
        Start anew
      </button>
      <dialog ref={dialog} aria-labelledby="remove-title">
        <div class="sheet">
          <h3 id="remove-title">Remove this project?</h3>
          <p>
            Everything in “{name}” is deleted from this browser, edits included. Save it as a project file
            first if you may want it again.
          </p>
          <div class="actions">
            <button
              type="button"
              onClick={() => {
                dialog.current?.close();
                void removeProject();
              }}
            >
              Remove it
            </button>
            <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
              Keep it
            </button>
          </div>
        </div>
      </dialog>
    </>
  );
}
