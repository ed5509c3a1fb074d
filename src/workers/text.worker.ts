/** @file The text worker's script: files of data and their tokens, so that neither holds up the page. */
import * as Comlink from 'comlink';
import { TextWorker } from './text.ts';
import { startTemplateWorker } from './text_template_host.ts';

/** Set at build time by vite.config.ts. */
const mirror: string | null = import.meta.env.HF_ENDPOINT ?? null;

Comlink.expose(new TextWorker(startTemplateWorker, mirror));
