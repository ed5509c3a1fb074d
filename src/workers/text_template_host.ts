/** @file How a page or a worker of it starts the worker that renders chat templates. */
import type { TemplateAnswer } from '../text/template_jobs.ts';
import type { StartTemplateWorker } from '../text/template_renderer.ts';

export const startTemplateWorker: StartTemplateWorker = (onAnswer, onError) => {
  const worker = new Worker(new URL('./text_template.worker.ts', import.meta.url), {
    type: 'module',
    name: 'templates',
  });
  worker.onmessage = (event: MessageEvent<TemplateAnswer>) => onAnswer(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    onError(event.message || 'its worker could not be loaded');
  };
  return {
    send: (request) => worker.postMessage(request),
    terminate: () => worker.terminate(),
  };
};
