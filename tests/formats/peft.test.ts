/** @file PEFT directories: what PEFT wrote is read, what we write has PEFT's form, and anything else is refused by name. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import { peftTensorShapes, readPeft, writePeft } from '../../src/formats/peft.ts';
import { PROJECTIONS, projectionShape } from '../../src/llama/config.ts';
import { parseLlamaConfig } from '../../src/llama/parse_config.ts';
import { MemorySource, utf8 } from './memory_source.ts';

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`fixtures/peft_adapter/${name}`, import.meta.url)));
const weights = read('adapter_model.safetensors');
const configBytes = read('adapter_config.json');
const peftConfig = JSON.parse(new TextDecoder().decode(configBytes)) as Record<string, unknown>;
const config = parseLlamaConfig(JSON.parse(new TextDecoder().decode(read('config.json'))), 'config.json');
const directory = (changes: Record<string, unknown> = {}) =>
  new MemorySource({
    'adapter_model.safetensors': weights,
    'adapter_config.json': utf8(JSON.stringify({ ...peftConfig, ...changes })),
  });

describe('an adapter saved by PEFT', () => {
  it('is read whole', async () => {
    const adapter = await readPeft(directory(), config);
    expect(adapter.options).toEqual({
      r: 2,
      loraAlpha: 4,
      targetModules: ['q_proj', 'k_proj', 'down_proj'],
      useRslora: false,
    });
    expect(adapter.tensors.size).toBe(12);
    expect(adapter.tensors.get('base_model.model.model.layers.1.mlp.down_proj.lora_A.weight')?.shape).toEqual(
      [2, 12],
    );
  });

  it('is written back to the byte, with the keys that PEFT wrote', async () => {
    const adapter = await readPeft(directory(), config);
    const files = writePeft(adapter, { baseModel: 'example/tiny' });
    expect(Buffer.from(files.get('adapter_model.safetensors')!).equals(Buffer.from(weights))).toBe(true);
    const text = new TextDecoder().decode(files.get('adapter_config.json'));
    const written = JSON.parse(text) as Record<string, unknown>;
    const sorted = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value);
    for (const [key, value] of Object.entries(written)) expect(value, key).toEqual(sorted(peftConfig[key]));
    expect(Object.keys(written)).toEqual(Object.keys(written).sort());
    expect(text).toContain('"lora_dropout": 0.0,');
    expect(new TextDecoder().decode(files.get('README.md'))).toMatch(
      /^---\nbase_model: "example\/tiny"\nlibrary_name: peft\n/,
    );
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ use_dora: true }, /use_dora true is not supported/],
    [{ rank_pattern: { q_proj: 4 } }, /rank_pattern/],
    [{ alpha_pattern: { q_proj: 4 } }, /alpha_pattern/],
    [{ modules_to_save: ['lm_head'] }, /modules_to_save/],
    [{ bias: 'all' }, /bias/],
    [{ r: 0 }, /r:/],
    [{ peft_type: 'IA3' }, /peft_type/],
    [{ target_modules: ['lm_head'] }, /target_modules/],
    [{ r: 4 }, /has shape \[2, 8\], but the model and r 4 make it \[4, 8\]/],
    [{ target_modules: 'all-linear' }, /has no tensor .*v_proj/],
    [{ target_modules: ['q_proj'] }, /has a tensor .* does not account for/],
  ])('with %j is refused', async (changes, message) => {
    const error = await readPeft(directory(changes), config).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });

  it('may have been trained with dropout', async () => {
    expect((await readPeft(directory({ lora_dropout: 0.1 }), config)).options.r).toBe(2);
  });
});

it('has the shapes of the projections', () => {
  const options = { r: 3, loraAlpha: 3, targetModules: PROJECTIONS, useRslora: false };
  const shapes = peftTensorShapes(config, options);
  expect(shapes.size).toBe(2 * 2 * 7);
  for (const projection of PROJECTIONS) {
    const { out, in: inner } = projectionShape(config, projection);
    const names = [...shapes.keys()].filter(
      (name) => name.includes(`layers.1.`) && name.includes(projection),
    );
    expect(names.map((name) => shapes.get(name))).toEqual([
      [3, inner],
      [out, 3],
    ]);
  }
});
