/** @file `export`: an adapter in another tool's form. PEFT is what TabTune itself writes; this checks and copies it. */
import { InputError } from '../../formats/input_error.ts';
import { parseJson } from '../../formats/json.ts';
import { readPeft, writePeft } from '../../formats/peft.ts';
import { parseLlamaConfig } from '../../llama/parse_config.ts';
import type { Command } from '../command.ts';
import { diskSource } from '../disk_source.ts';
import { readInput } from '../open_model.ts';
import { writeDirectory } from '../output_directory.ts';

export const exportCommand: Command = {
  summary: 'write an adapter as a PEFT directory, every tensor checked against the model',
  options: {
    adapter: { required: true, help: 'PEFT adapter directory' },
    model: { help: 'directory of the model, whose config.json the tensors are checked against' },
    to: { required: true, choices: ['peft'], help: 'form' },
    'base-model': { help: 'Hub id to name as the base model (default: what the adapter names)' },
    out: { required: true, help: 'directory for the result' },
  },
  async run(options) {
    const source = await diskSource(options.get('adapter'));
    const model = options.maybe('model');
    const config =
      model === undefined
        ? null
        : parseLlamaConfig(
            parseJson(await readInput(`${model}/config.json`), `${model}/config.json`),
            `${model}/config.json`,
          );
    const adapter = await readPeft(source, config);
    const named = options.maybe('base-model') ?? (await baseModelOf(source));
    const files = writePeft(adapter, { baseModel: named, tags: ['tabtune'] });
    await writeDirectory(options.get('out'), files);
    return { out: options.get('out'), files: [...files.keys()], tensors: adapter.tensors.size };
  },
  text(result: { out: string; files: string[]; tensors: number }) {
    return `${result.tensors} tensors checked; ${result.files.join(', ')} in ${result.out}`;
  },
};

async function baseModelOf(source: {
  name: string;
  read(file: string): Promise<Uint8Array>;
}): Promise<string> {
  const config = parseJson(
    await source.read('adapter_config.json'),
    `${source.name}/adapter_config.json`,
  ) as Record<string, unknown>;
  const name = config.base_model_name_or_path;
  if (typeof name !== 'string' || name === '')
    throw new InputError(
      source.name,
      'names no base model.',
      'Give --base-model with the Hub id of the model it was trained on.',
    );
  return name;
}
