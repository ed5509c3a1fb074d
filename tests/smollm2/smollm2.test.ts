/**
 * @file SmolLM2-135M-Instruct from its GGUF against transformers and PEFT: tokens, log-probabilities, a continuation and
 * a fine-tuning run, as much of each as a software GPU does in seconds. `npm run parity` compares all of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskSource } from '../../src/cli/disk_source.ts';
import { planTraining } from '../../src/llama/training_plan.ts';
import type { WeightChoice } from '../../src/llama/weight_plan.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { loraShape } from '../../src/train/lora_init.ts';
import { type OpenedTuner, openTuner } from '../../src/train/open_tuner.ts';
import { getTestGpu } from '../support/gpu.ts';
import { smolLm2 } from '../support/smollm2.ts';
import { goldenContinuations, goldenSft, goldenTexts, goldenTokens } from './golden.ts';
import { hashedAdapter } from './hashed_adapter.ts';

/** What the engine must meet: differences of log-probabilities, and of losses. */
const LOGPROB = 2e-3;
const LOSS = 1e-3;

/** How weights are held; `native` keeps the file's Q4_1 and Q8_0. */
const WEIGHTS = (process.env.SMOLLM2_WEIGHTS ?? 'native') as WeightChoice;

const TEXTS = 3;
const PROMPTS = 2;
const NEW_TOKENS = 12;

const file = smolLm2();
if ('skipped' in file) it.skip(`SmolLM2: ${file.skipped}`, () => {});
else
  describe(`SmolLM2, weights ${WEIGHTS}`, () => {
    let opened: OpenedTuner;
    const adapterOf = (r: number, alpha: number) => hashedAdapter(opened.config, r, alpha);
    beforeAll(async () => {
      opened = await openTuner(await getTestGpu(), await diskSource(file.path), {
        clock: () => performance.now(),
        template: 'none',
        load: { weights: WEIGHTS },
      });
    });
    afterAll(() => opened.model.gpu.ledger.releaseOwner('weights'));

    it('encodes 1,200 awkward texts as transformers does', () => {
      const rows = goldenTokens();
      expect(rows.length).toBeGreaterThan(1000);
      for (const [text, ids] of rows)
        expect([...opened.tokenizer.encode(text, { specialTokens: true })], JSON.stringify(text)).toEqual(
          ids,
        );
    });

    it('has its log-probabilities', async () => {
      const rows = goldenTexts()
        .sort((a, b) => a.ids.length - b.ids.length)
        .slice(0, TEXTS);
      const scored = await opened.tuner.logprobs(rows, null);
      const adapted = await opened.tuner.logprobs(rows.slice(0, 1), adapterOf(1, 1));
      for (const [i, { ids, promptLength, logprobs }] of scored.entries()) {
        expect([...ids]).toEqual(rows[i]!.ids);
        expect(promptLength).toBe(rows[i]!.prompt_length);
        expect(furthest(logprobs, rows[i]!.logprobs)).toBeLessThan(LOGPROB);
      }
      // The comparison sees an adapter that should not be there.
      expect(furthest(adapted[0]!.logprobs, rows[0]!.logprobs)).toBeGreaterThan(LOGPROB);
    });

    it('continues prompts token by token', async () => {
      const rows = goldenContinuations().slice(0, PROMPTS);
      const generated = await opened.tuner.generate(
        rows.map(({ prompt }) => prompt),
        null,
        { maxNewTokens: NEW_TOKENS },
      );
      expect(generated.map(({ ids }) => [...ids])).toEqual(
        rows.map((row) => row.new_ids.slice(0, NEW_TOKENS)),
      );
    });

    it("fine-tunes along PEFT's losses", async () => {
      const { row, adapter, config, losses } = goldenSft();
      const start = adapterOf(adapter.r, adapter.lora_alpha);
      const parsed = parseTrainConfig(config, 'sft.json', 256);
      const { log } = await opened.tuner.trainSft([row], { ...parsed, lora: start.options }, start);
      expect(losses[0]! - losses.at(-1)!).toBeGreaterThan(0.1);
      expect(log.length).toBe(losses.length);
      expect(
        furthest(
          log.map(({ loss }) => loss),
          losses,
        ),
      ).toBeLessThan(LOSS);
    });

    it('takes the bytes of its plan when all layers are recomputed', async () => {
      const { model, codec, config } = opened;
      const { row, adapter } = goldenSft();
      const start = adapterOf(adapter.r, adapter.lora_alpha);
      const parsed = parseTrainConfig({ max_steps: 1 }, 'test', 256);
      const tuner = createTuner(model, codec, () => performance.now(), { memoryBudget: 1 });
      model.gpu.ledger.resetPeak();
      const result = await tuner.trainSft([row], { ...parsed, lora: start.options }, start);
      expect(result.recomputedLayers).toBe(29);
      expect(model.gpu.ledger.peakBytes).toBe(result.plannedBytes);
      // What `plan` says beforehand, which knows no program's parameters and takes every token for a target.
      const { within } = planTraining(config, {
        weights: { weights: WEIGHTS, embedding: WEIGHTS },
        stored: (tensor) => (tensor.includes('embed') ? 'Q8_0' : 'Q4_1'),
        lora: loraShape(start.options),
        tokens: 64,
        sequences: 1,
        bindingLimit: model.gpu.bindingLimit,
      });
      expect(Math.abs(within(1).bytes / result.plannedBytes - 1)).toBeLessThan(0.01);
    });
  });

function furthest(values: ArrayLike<number>, expected: readonly number[]): number {
  expect(values.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(values[i]! - value)));
}
