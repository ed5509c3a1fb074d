/** @file The studio: from questions with answers, or a text, to reviewed data to train on. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { busyWith, looking, openStudio, studio, studioFailure } from '../../state/studio.ts';
import { FailureNotice } from '../notice.tsx';
import { Section } from '../section.tsx';
import { AuditPanel } from './audit_panel.tsx';
import { AuthorPanel } from './author_panel.tsx';
import { LearnPanel } from './learn_panel.tsx';
import { ProjectBar } from './project_bar.tsx';
import { Review } from './review.tsx';
import { StudioStart } from './studio_start.tsx';
import { SurprisePanel } from './surprise_panel.tsx';

export function StudioSection(): JSX.Element {
  useEffect(() => {
    void openStudio();
  }, []);
  const view = studio.value;
  return (
    <Section
      id="studio"
      title="Studio"
      lede="Answers are taken apart into facts, the hard ones are asked about again, and each answer gets a better wording and worse ones to be compared with. You see every line before anything is trained on it, and every change is saved at once."
    >
      <div class="studio">
        {studioFailure.value ? <FailureNotice failure={studioFailure.value} /> : null}
        {busyWith.value === null ? null : (
          <div class="sheet">
            <p role="status">{busyWith.value} …</p>
            <progress aria-label={busyWith.value} />
          </div>
        )}
        {view !== null ? (
          <>
            <ProjectBar view={view} />
            <AuthorPanel view={view} />
            <Review view={view} />
            <div class="studio-tools">
              <AuditPanel />
              <SurprisePanel view={view} />
            </div>
            <LearnPanel view={view} />
          </>
        ) : looking.value ? (
          <p class="soft" role="status">
            Looking for a project in this browser …
          </p>
        ) : (
          <StudioStart />
        )}
      </div>
    </Section>
  );
}
