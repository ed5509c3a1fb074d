/** @file Starts template_thread.ts: a thread of Node knows TypeScript only if it is taught to itself. */
import { tsImport } from 'tsx/esm/api';

await tsImport('./template_thread.ts', import.meta.url);
