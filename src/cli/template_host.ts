/** @file How the terminal starts the thread that renders chat templates. */
import { Worker } from 'node:worker_threads';
import type { TemplateAnswer } from '../text/template_jobs.ts';
import type { StartTemplateWorker } from '../text/template_renderer.ts';

/** Megabytes of a thread's heap: a template may also try to fill the memory. */
const HEAP_MB = 1024;

export const startTemplateThread: StartTemplateWorker = (onAnswer, onError) => {
  const thread = new Worker(new URL('./template_thread_entry.mjs', import.meta.url), {
    name: 'templates',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  thread.on('message', (answer: TemplateAnswer) => onAnswer(answer));
  thread.on('error', (error) => onError(error.message));
  // It must not keep a finished process alive.
  thread.unref();
  return {
    send: (request) => thread.postMessage(request),
    terminate: () => void thread.terminate(),
  };
};
