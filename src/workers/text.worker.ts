/** @file The text worker's script: files of data and their tokens, so that neither holds up the page. */
import * as Comlink from 'comlink';
import { TextWorker } from './text.ts';
import { startTemplateWorker } from './text_template_host.ts';

Comlink.expose(new TextWorker(startTemplateWorker));
