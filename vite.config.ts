/** @file Build of the page: relative paths (it works under any folder), one worker chunk, a strict policy in headers. */
import { defineConfig } from 'vite';
import { CONTENT_SECURITY_POLICY } from './src/workers/content_security_policy.ts';

/**
 * The policy of index.html's meta element covers the document only. Workers take theirs from the response that
 * carries their script, so the dev and preview servers send it as a header too; any host of the build should.
 */
const headers = {
  'Content-Security-Policy': `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

export default defineConfig({
  base: './',
  // Inlined assets would be data: URLs, which the policy does not allow for fonts and scripts.
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: true },
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
  plugins: [
    {
      name: 'content-security-policy',
      transformIndexHtml: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
          injectTo: 'head-prepend',
        },
      ],
    },
  ],
});
