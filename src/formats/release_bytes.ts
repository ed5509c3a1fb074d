/**
 * @file Gives the memory of bytes back at once. A collector that sees only small objects lets a hundred megabytes of
 * buffers pile up before it looks; whoever reads a checkpoint piece by piece calls this when a piece is used up.
 */

/**
 * Detaches the buffer, where the host can: neither these bytes nor any other view of it can be used afterwards. One that
 * is detached already stays so.
 */
export function releaseBytes({ buffer }: ArrayBufferView<ArrayBuffer>): void {
  if (buffer.byteLength === 0) return;
  (buffer as ArrayBuffer & { transfer?(length: number): ArrayBuffer }).transfer?.(0);
}
