/** @file The page: start, the four steps, training, comparison, data. */
import { useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { CompareSection } from './components/compare_section.tsx';
import { DataImportSection } from './components/data_import_section.tsx';
import { DataSection } from './components/data_section.tsx';
import { FactsSection } from './components/facts_section.tsx';
import { LockIcon, Mark } from './components/icons.tsx';
import { ModelSection } from './components/model_section.tsx';
import { Preview } from './components/preview.tsx';
import { StartSection } from './components/start_section.tsx';
import { Steps } from './components/steps.tsx';
import { StudioSection } from './components/studio/studio_section.tsx';
import { TrainSection } from './components/train_section.tsx';
import { WorkbenchSection } from './components/workbench_section.tsx';
import { pageTitle } from './state/page_title.ts';
import { probe, view } from './state/session.ts';
import { stepViews } from './state/step_views.ts';

export function App(): JSX.Element {
  useSignalEffect(() => {
    document.title = pageTitle(view.value);
  });
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to the content
      </a>
      <header class="page-header">
        <div class="frame">
          <span class="wordmark">
            <Mark />
            TabTune
          </span>
          <span class="privacy">
            <LockIcon />
            <span>Nothing leaves this tab</span>
          </span>
        </div>
      </header>
      <main class="frame" id="main" tabIndex={-1}>
        <StartSection />
        <FactsSection />
        <Steps steps={stepViews(probe.value, view.value)} />
        {view.value === null ? (
          <Preview />
        ) : (
          <>
            <TrainSection view={view.value} />
            <CompareSection view={view.value} />
            <DataSection view={view.value} />
          </>
        )}
        <ModelSection />
        <DataImportSection />
        <StudioSection />
        <WorkbenchSection />
      </main>
      <footer class="page-footer">
        <div class="frame">
          <p>
            KnowTuning is the method of Lyu et al., “KnowTuning: Knowledge-aware Fine-tuning for Large
            Language Models” (EMNLP 2024). TabTune carries it out in WebGPU, without a server: model, data and
            training stay in this tab.
          </p>
        </div>
      </footer>
    </>
  );
}
