/** @file Choosing a model: a short list, the Hub, or the user's disk; what it would take, before anything is downloaded. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { cache, openCache, takeFiles } from '../state/models.ts';
import { fromDrop, modelFolder } from '../state/picked_files.ts';
import { CacheTable } from './cache_table.tsx';
import { ModelCard } from './model_card.tsx';
import { ModelFiles } from './model_files.tsx';
import { ModelHub } from './model_hub.tsx';
import { ModelList } from './model_list.tsx';
import { Section } from './section.tsx';

export function ModelSection(): JSX.Element {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    void openCache();
  }, []);
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer) await takeFiles(modelFolder(await fromDrop(event.dataTransfer)));
  };
  return (
    <Section
      id="models"
      title="Choose a model"
      lede="Any Llama: from the list, from the Hugging Face Hub, or from your disk. You see what it takes before anything is downloaded, and it is downloaded once."
    >
      {/* Dropping is one more way to do what the buttons inside do. */}
      <fieldset
        aria-label="Models"
        class={isOver ? 'models over' : 'models'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <div class="models-side">
          <ModelList />
          <ModelHub />
          <ModelFiles />
        </div>
        <ModelCard />
      </fieldset>
      {cache.value === null ? null : <CacheTable view={cache.value} />}
    </Section>
  );
}
