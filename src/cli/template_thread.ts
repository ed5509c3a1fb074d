/** @file The terminal's thread that renders chat templates, and does nothing else: it may be ended at any time. */
import { parentPort } from 'node:worker_threads';
import { createTemplateServer, type TemplateAnswer, type TemplateRequest } from '../text/template_jobs.ts';

const answer = createTemplateServer();
const send = (message: TemplateAnswer) => parentPort!.postMessage(message);
parentPort!.on('message', (request: TemplateRequest) => send(answer(request)));
send({ kind: 'ready' });
