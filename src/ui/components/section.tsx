/** @file A section of the page with its heading, which can be given the focus. */
import type { ComponentChildren, JSX } from 'preact';

interface SectionProps {
  readonly id: string;
  readonly title: string;
  readonly lede: string;
  readonly children: ComponentChildren;
}

/** Gives the focus to a section's heading, once what was changed before has been drawn. */
export function focusHeading(id: string): void {
  setTimeout(() => document.getElementById(`${id}-title`)?.focus());
}

export function Section({ id, title, lede, children }: SectionProps): JSX.Element {
  return (
    <section class="section" id={id} aria-labelledby={`${id}-title`}>
      <div class="section-head">
        <h2 id={`${id}-title`} tabIndex={-1}>
          {title}
        </h2>
        <p>{lede}</p>
      </div>
      {children}
    </section>
  );
}
