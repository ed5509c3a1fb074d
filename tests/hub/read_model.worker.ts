/** @file Opens a model as any worker does and reads it tensor by tensor; for tests that measure what that takes. */
import { releaseBytes } from '../../src/formats/release_bytes.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import type { ModelChoice } from '../../src/workers/model_protocol.ts';
import { openModelSource } from '../../src/workers/model_source.ts';

addEventListener('message', async ({ data }: MessageEvent<ModelChoice>) => {
  try {
    const index = await openSafetensors(await openModelSource(data, location.href));
    let bytes = 0;
    /** First four bytes of each tensor, which hold its number. */
    const heads: number[] = [];
    for (const name of index.names()) {
      const stored = await index.readStored(name);
      bytes += stored.length;
      heads.push(new DataView(stored.buffer, stored.byteOffset).getUint32(0, true));
      releaseBytes(stored);
    }
    postMessage({ names: index.names(), bytes, heads });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
