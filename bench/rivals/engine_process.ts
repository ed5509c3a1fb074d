/** @file The process of one engine: does one job, sends what came of it, and ends. */
import type { Answer, EngineName, Job, Message } from './engine.ts';

/** Loaded one at a time: no engine waits for another's modules. */
const RUN: Readonly<Record<EngineName, (job: Job) => Promise<Answer>>> = {
  tabtune: async (job) => (await import('./tabtune_engine.ts')).tabtune(job),
  'jax-js': async (job) => (await import('./jax_engine.ts')).jaxJs(job),
  tfjs: async (job) => (await import('./tfjs_engine.ts')).tfjs(job),
};

process.once('message', async (job: Job) => {
  const message: Message = await RUN[job.engine](job).catch((error: unknown) => ({
    error: error instanceof Error ? error.message : String(error),
  }));
  // Dawn keeps threads of its own: the process ends when the job has.
  process.send!(message, () => process.exit(0));
});
