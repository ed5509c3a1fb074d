/**
 * @file The one Content-Security-Policy of page and workers: everything comes from this origin, nothing is inline,
 * nothing is evaluated. Kept here because three places must agree: the document, its workers, the servers.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  // Pico draws the arrows of its controls as data: images.
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
