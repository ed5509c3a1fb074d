/** @file Build of the page: relative paths (it works under any folder), one worker chunk, a strict policy in headers. */
import { type Connect, defineConfig } from 'vite';
import {
  DOCUMENT_POLICY,
  isStudioScript,
  STUDIO_POLICY,
  workerPolicy,
} from './src/workers/content_security_policy.ts';

/** A mirror of the Hub to download models from, as for Hugging Face's own tools: the origin of a server, or nothing. */
const mirror = process.env.HF_ENDPOINT ? new URL(process.env.HF_ENDPOINT).origin : null;

/**
 * The policy of index.html's meta element covers the document only. Workers take theirs from the response that
 * carries their script, so the dev and preview servers send it as a header too; any host of the build should.
 */
const setHeaders: Connect.NextHandleFunction = (request, response, next) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const policy = isStudioScript(pathname) ? STUDIO_POLICY : workerPolicy(mirror);
  response.setHeader('Content-Security-Policy', `${policy}; frame-ancestors 'none'`);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  next();
};

export default defineConfig({
  base: './',
  // Inlined assets would be data: URLs, which the policy does not allow for fonts and scripts.
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: true },
  worker: { format: 'es' },
  define: { 'import.meta.env.HF_ENDPOINT': JSON.stringify(mirror) },
  plugins: [
    {
      name: 'content-security-policy',
      configureServer: ({ middlewares }) => {
        middlewares.use(setHeaders);
      },
      configurePreviewServer: ({ middlewares }) => {
        middlewares.use(setHeaders);
      },
      transformIndexHtml: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: DOCUMENT_POLICY },
          injectTo: 'head-prepend',
        },
      ],
    },
  ],
});
