/** @file The bundled world, its rows, and a small world of our own, for tests. */
import { readFileSync } from 'node:fs';
import { parseWorld, type World } from '../../src/authors/world.ts';

export const atlasJson = (): unknown => JSON.parse(readFileSync('public/atlas/world.json', 'utf8'));
export const readAtlas = (): World => parseWorld(atlasJson());

export const readRows = <T>(name: string): T[] =>
  readFileSync(`public/atlas/${name}.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

/** A world that is easy to count in: two countries, three slots, one of them many-valued. */
export const tinyWorldJson = () => ({
  name: 'tiny',
  version: 1,
  kinds: { country: { order: ['continent', 'capital', 'languages'] }, metal: { order: ['symbol'] } },
  slots: {
    continent: {
      kind: 'country',
      many: false,
      statements: ['{entity} lies in {value}.', 'The continent of {entity} is {value}.'],
      nouns: { train: ['continent'], test: ['landmass'] },
    },
    capital: {
      kind: 'country',
      many: false,
      statements: ['The capital of {entity} is {value}.', '{value} is the capital of {entity}.'],
      nouns: { train: ['capital', 'main city'], test: ['seat'] },
    },
    languages: {
      kind: 'country',
      many: true,
      statements: ['In {entity} people speak {value}.', '{entity} speaks {value}.'],
      nouns: { train: ['languages'], test: ['idioms'] },
    },
    symbol: {
      kind: 'metal',
      many: false,
      statements: ['The symbol of {entity} is {value}.', '{entity} is written as {value}.'],
      nouns: { train: ['symbol'], test: ['sign'] },
    },
  },
  frames: { train: ['Tell me the {nouns} of {entity}.'], test: ['Of {entity}, the {nouns}?'] },
  entities: [
    {
      name: 'Trinidad and Tobago',
      kind: 'country',
      facts: { continent: ['America'], capital: ['Port of Spain'], languages: ['English', 'Creole'] },
      split: 'taught',
      taught: ['capital'],
    },
    {
      name: 'France',
      kind: 'country',
      facts: { continent: ['Europe'], capital: ['Paris'], languages: ['French'] },
      split: 'untouched',
    },
    {
      name: 'Chad',
      kind: 'country',
      facts: { continent: ['Africa'], languages: ['French', 'Arabic'] },
      split: 'development',
    },
    { name: 'Iron', kind: 'metal', facts: { symbol: ['Fe'] }, split: 'taught', taught: [] as string[] },
  ],
});
