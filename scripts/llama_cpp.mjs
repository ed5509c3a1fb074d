/**
 * @file `node scripts/llama_cpp.mjs MODEL.gguf ROWS.json`: the log-probabilities that TabTune printed beside those of
 * llama.cpp, a second reference. llama.cpp rounds activations to 8 bits where weights are quantised, so that the two agree
 * as two roundings do, and no better; a model read wrongly is off by whole nats.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadLlamaCpp } from './llama_cpp_package.mjs';

const TEXTS = 10;
/** In nats: of a token's log-probability in the middle, and of a text's mean. */
const MEDIAN = 0.1;
const MEAN_OF_TEXT = 0.1;

/** Log-probability of each id from `from` on, given those before it. */
async function logprobs(sequence, ids, from) {
  await sequence.clearHistory();
  const all = { generateNext: { probabilities: true, options: { temperature: 1, topK: 0, topP: 1 } } };
  const input = ids.slice(0, -1).map((id, i) => (i >= from - 1 ? [id, all] : id));
  const results = await sequence.controlledEvaluate(input);
  return ids.slice(from).map((id, k) => Math.log(results[from - 1 + k].next.probabilities.get(id)));
}

const [modelPath, rowsPath] = process.argv.slice(2).map((path) => resolve(path));
const { llama } = await loadLlamaCpp();
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 512 });
const sequence = context.getSequence();
const differences = [];
/** Control: each token's figure against that of the next. */
const shifted = [];
let worstText = 0;
for (const row of JSON.parse(readFileSync(rowsPath, 'utf8')).rows.slice(0, TEXTS)) {
  const theirs = await logprobs(sequence, row.ids, row.prompt_length);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  worstText = Math.max(worstText, Math.abs(sum(theirs) - sum(row.logprobs)) / theirs.length);
  differences.push(...theirs.map((value, i) => Math.abs(value - row.logprobs[i])));
  shifted.push(...theirs.slice(0, -1).map((value, i) => Math.abs(value - row.logprobs[i + 1])));
}
const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const median = middle(differences);
const control = middle(shifted);
const passed = median <= MEDIAN && worstText <= MEAN_OF_TEXT && control > MEDIAN;
console.log(
  `llama.cpp: ${differences.length} tokens of ${TEXTS} texts differ by ${median.toFixed(3)} in the middle (<= ${MEDIAN}), ` +
    `a text's mean by ${worstText.toFixed(3)} at most (<= ${MEAN_OF_TEXT}); control, the next token's: ` +
    `${control.toFixed(3)} (> ${MEDIAN})${passed ? '' : '  FAILED'}`,
);
// llama.cpp keeps threads of its own.
process.exit(passed ? 0 : 1);
