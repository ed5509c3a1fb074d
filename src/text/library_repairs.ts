/**
 * @file Where @huggingface/tokenizers 0.2.0 differs from Python's tokenizers on the tokenizers of Llamas, and what is
 * done about it. tests/text/families.test.ts fails without any of these.
 */
import { ByteFallbackDecoder, type Decoder, SequenceDecoder } from '@huggingface/tokenizers';
import { isJsonObject } from '../formats/json.ts';

/**
 * Digits: Python splits at everything numeric (Nd, Nl, No: ², ½, Ⅷ), the library at 0 to 9. The same said with Split
 * is understood alike by both. SmolLM2 has this pre-tokenizer.
 */
export function repairPreTokenizer(preTokenizer: unknown): unknown {
  if (!isJsonObject(preTokenizer)) return preTokenizer;
  if (preTokenizer.type === 'Sequence' && Array.isArray(preTokenizer.pretokenizers))
    return { ...preTokenizer, pretokenizers: preTokenizer.pretokenizers.map(repairPreTokenizer) };
  if (preTokenizer.type !== 'Digits') return preTokenizer;
  return {
    type: 'Split',
    pattern: { Regex: preTokenizer.individual_digits === true ? '\\p{N}' : '\\p{N}+' },
    behavior: 'Isolated',
    invert: false,
  };
}

/** UTF-8 of byte tokens as Python's ByteFallback has it: all of the run, or one replacement character for each byte. */
function decodeByteRun(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return '\ufffd'.repeat(bytes.length);
  }
}

/**
 * ByteFallback: the library swallows U+FEFF, and makes fewer replacement characters of bytes that are not UTF-8 (half a
 * character at the end of a generated text, say). Llama 2's tokenizers have this decoder.
 */
export function repairDecoder(decoder: Decoder | null): void {
  if (decoder instanceof SequenceDecoder) for (const member of decoder.decoders) repairDecoder(member);
  if (!(decoder instanceof ByteFallbackDecoder)) return;
  decoder.decode_chain = (tokens) => {
    const out: string[] = [];
    let run: number[] = [];
    const flush = () => {
      if (run.length > 0) out.push(decodeByteRun(run));
      run = [];
    };
    for (const token of tokens) {
      const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
      if (byte) run.push(Number.parseInt(byte[1]!, 16));
      else {
        flush();
        out.push(token);
      }
    }
    flush();
    return out;
  };
}
