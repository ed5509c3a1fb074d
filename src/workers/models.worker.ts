/** @file The model worker's script: it owns downloads and the cache of models, so that neither holds up the page. */
import * as Comlink from 'comlink';
import { browserCache } from '../store/browser_cache.ts';
import { Models } from './models.ts';

/** Set at build time by vite.config.ts. */
const mirror: string | null = import.meta.env.HF_ENDPOINT ?? null;

Comlink.expose(new Models(browserCache(), { mirror }));
