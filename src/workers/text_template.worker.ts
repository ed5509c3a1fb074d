/** @file The page's worker that renders chat templates, and does nothing else: it may be ended at any time. */
import { createTemplateServer, type TemplateAnswer, type TemplateRequest } from '../text/template_jobs.ts';

const answer = createTemplateServer();
const send = (message: TemplateAnswer) => postMessage(message);
addEventListener('message', (event: MessageEvent<TemplateRequest>) => send(answer(event.data)));
send({ kind: 'ready' });
