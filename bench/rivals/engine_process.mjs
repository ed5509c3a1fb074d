/** @file Starts engine_process.ts: a process of Node knows TypeScript only if it is taught to. */
import { register } from 'tsx/esm/api';

register();
await import('./engine_process.ts');
