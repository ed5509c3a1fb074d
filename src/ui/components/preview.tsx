/** @file What will be seen, before a run: stands in for the three sections that are still empty. */
import type { JSX } from 'preact';

const PARTS = [
  {
    id: 'data',
    title: 'Watch what it finds hard',
    text: 'Each answer is taken apart into single facts. You see how much each one surprises the model, and which are therefore taught again in other words.',
  },
  {
    id: 'train',
    title: 'Watch it learn',
    text: 'Loss, preference margins, speed and memory, step by step, while the model is fine-tuned plainly and then by KnowTuning’s two stages.',
  },
  {
    id: 'compare',
    title: 'See before and after',
    text: 'The same questions, answered by each model side by side. Every sentence is checked: what is correct, what is incorrect, and what is missing.',
  },
] as const;

export function Preview(): JSX.Element {
  return (
    <div class="preview">
      {PARTS.map((part) => (
        <section key={part.id} id={part.id} aria-labelledby={`${part.id}-title`}>
          <h2 id={`${part.id}-title`} tabIndex={-1}>
            {part.title}
          </h2>
          <p>{part.text}</p>
        </section>
      ))}
    </div>
  );
}
