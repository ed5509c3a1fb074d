/**
 * @file The Content-Security-Policies of page and workers: everything comes from this origin, nothing is inline, nothing
 * is evaluated. Kept here because three places must agree: the document, its workers, the servers. Only workers reach
 * the Hub, which a user asks for by choosing a model there, and only the studio's worker reaches an endpoint, which a user
 * asks for by its address; the document itself reaches its own origin and no other.
 */
const BASE = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  // Pico draws the arrows of its controls as data: images.
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** Of the document, in its meta element. */
export const DOCUMENT_POLICY = [...BASE, "connect-src 'self'"].join('; ');

/**
 * In the header of every response, which is what binds workers. Downloads from https://huggingface.co are redirected to
 * regional hosts below hf.co, whose names change.
 * @param mirror origin of a mirror of the Hub, or null
 */
export function workerPolicy(mirror: string | null): string {
  const hosts = ["'self'", 'https://huggingface.co', 'https://*.huggingface.co', 'https://*.hf.co'];
  return [...BASE, `connect-src ${[...hosts, ...(mirror ? [mirror] : [])].join(' ')}`].join('; ');
}

/**
 * In the header of the studio's script. An endpoint may be anywhere: who writes is the user's choice. Nothing but that
 * worker has this much room, and no page's script runs in it.
 */
export const STUDIO_POLICY = [
  ...BASE,
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
].join('; ');

/** Whether a path is that of the studio's script, as it is built and as it is developed. */
export const isStudioScript = (path: string): boolean => /\/studio\.worker[^/]*\.(js|ts)$/.test(path);
