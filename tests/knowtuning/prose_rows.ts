/**
 * @file Questions answered in plain prose, written for these tests: with the facts of each answer, false versions of them,
 * and a better answer in other words. What the bundled world cannot say.
 */
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import { comparisonPairs } from '../../src/knowtuning/compare.ts';
import { newAtom, type ProjectQuestion } from '../../src/knowtuning/project.ts';

interface ProseRow {
  readonly question: string;
  readonly answer: string;
  /** A fact and a false version of it. */
  readonly facts: readonly (readonly [string, string])[];
  readonly better: string;
}

const ROWS: readonly ProseRow[] = [
  {
    question: 'How does a suspension bridge carry its load?',
    answer:
      'A suspension bridge hangs its deck from steel cables. The cables run over two tall towers. Blocks of concrete at both ends hold them.',
    facts: [
      [
        'A suspension bridge hangs its deck from steel cables.',
        'A suspension bridge rests its deck on wooden beams.',
      ],
      ['The cables run over two tall towers.', 'The cables run under seven low arches.'],
      ['Blocks of concrete at both ends hold the cables.', 'Blocks of ice at both ends hold the cables.'],
    ],
    better:
      'Steel cables carry the deck of a suspension bridge. They pass over two tall towers, and concrete blocks at both ends hold them.',
  },
  {
    question: 'Why does bread rise?',
    answer:
      'Yeast eats the sugar in the dough. It gives off carbon dioxide while it eats. The gas is caught in threads of gluten, and so the dough rises.',
    facts: [
      ['Yeast eats the sugar in the dough.', 'Yeast eats the salt in the dough.'],
      ['Yeast gives off carbon dioxide.', 'Yeast gives off pure oxygen.'],
      ['The gas is caught in threads of gluten.', 'The gas is caught in drops of fat.'],
    ],
    better:
      'The yeast in a dough eats its sugar and gives off carbon dioxide. Threads of gluten catch the gas.',
  },
  {
    question: 'What are the phases of the Moon?',
    answer:
      'The Moon shines by the light of the Sun. From Earth we see more or less of its lit half. A full round of phases takes about 29.5 days.',
    facts: [
      ['The Moon shines by the light of the Sun.', 'The Moon shines by the light of Mars.'],
      [
        'From Earth more or less of the lit half of the Moon is seen.',
        'From Earth the same part of the dark half of the Moon is seen.',
      ],
      ['A full round of phases takes about 29.5 days.', 'A full round of phases takes about 365 days.'],
    ],
    better:
      'It is the light of the Sun by which the Moon shines. More or less of its lit half is seen from Earth, and a round of phases takes about 29.5 days.',
  },
  {
    question: 'How is paper made from wood?',
    answer:
      'Wood is chipped and cooked until its fibres come apart. The wet fibres are spread on a sieve. Hot rollers press and dry the sheet.',
    facts: [
      [
        'Wood is chipped and cooked until its fibres come apart.',
        'Wood is frozen and ground until its fibres stick together.',
      ],
      ['The wet fibres are spread on a sieve.', 'The dry fibres are blown into a bag.'],
      ['Hot rollers press and dry the sheet.', 'Cold hammers soak and tear the sheet.'],
    ],
    better:
      'First wood is cooked in chips, which sets its fibres free. Spread wet on a sieve they form a sheet that hot rollers press and dry.',
  },
  {
    question: 'What does a sundial show, and how?',
    answer:
      'A sundial shows the hour by a shadow. Its pointer is set parallel to the axis of the Earth. At night it shows nothing.',
    facts: [
      ['A sundial shows the hour by a shadow.', 'A sundial shows the month by a bell.'],
      [
        'The pointer of a sundial is set parallel to the axis of the Earth.',
        'The pointer of a sundial is set parallel to the nearest river.',
      ],
      ['At night a sundial shows nothing.', 'At night a sundial shows the stars.'],
    ],
    better:
      'By its shadow a sundial shows the hour. The pointer lies parallel to the axis of the Earth; nothing is shown at night.',
  },
  {
    question: 'Who invented the printing press in Europe?',
    answer:
      'Johannes Gutenberg built a printing press in Mainz around 1450. He cast single letters from metal. His best known book is a Bible in Latin.',
    facts: [
      [
        'Johannes Gutenberg built a printing press in Mainz around 1450.',
        'Johannes Gutenberg built a printing press in Venice around 1650.',
      ],
      ['Gutenberg cast single letters from metal.', 'Gutenberg carved whole pages from bone.'],
      [
        'The best known book of Gutenberg is a Bible in Latin.',
        'The best known book of Gutenberg is an atlas in Dutch.',
      ],
    ],
    better:
      'Around 1450 Johannes Gutenberg built his press in Mainz. The single letters were cast from metal, and a Bible in Latin is the best known book of his.',
  },
  {
    question: 'How do bees tell each other where flowers are?',
    answer:
      'A bee that has found flowers dances on the comb. The angle of the dance gives the direction from the sun. The longer she waggles, the farther away the flowers are.',
    facts: [
      [
        'A bee that has found flowers dances on the comb.',
        'A bee that has found flowers sleeps under the hive.',
      ],
      [
        'The angle of the dance gives the direction from the sun.',
        'The colour of the dance gives the number of wasps.',
      ],
      [
        'The longer the bee waggles, the farther away the flowers are.',
        'The louder the bee hums, the sweeter the honey is.',
      ],
    ],
    better:
      'On the comb, a bee that has found flowers dances. Its angle tells the direction from the sun, and long waggling means that they are far away.',
  },
  {
    question: 'Why is the sea salty?',
    answer:
      'Rain washes salt out of rocks. Rivers carry the salt to the sea. Water leaves the sea as vapour, but the salt stays behind.',
    facts: [
      ['Rain washes salt out of rocks.', 'Wind blows sand out of clouds.'],
      ['Rivers carry the salt to the sea.', 'Whales carry the mud to the beach.'],
      [
        'Water leaves the sea as vapour, but the salt stays behind.',
        'Water leaves the sea as ice, but the oil stays behind.',
      ],
    ],
    better:
      'Rocks lose their salt to the rain, and rivers carry it to the sea. While water leaves as vapour, salt stays behind.',
  },
  {
    question: 'What is the difference between a violin and a viola?',
    answer:
      'A viola is larger than a violin. Its lowest string is a C, that of the violin a G. Music for the viola is written in the alto clef.',
    facts: [
      ['A viola is larger than a violin.', 'A viola is lighter than a flute.'],
      ['The lowest string of the viola is a C.', 'The lowest string of the viola is an F.'],
      ['Music for the viola is written in the alto clef.', 'Music for the viola is painted on dried leaves.'],
    ],
    better:
      'The larger of the two is the viola. Its strings go down to C, and in the alto clef its music is written.',
  },
  {
    question: 'How does a refrigerator cool?',
    answer:
      'A pump presses a gas until it turns liquid. The liquid gives its heat to the room through the coils at the back. Inside it boils again and takes up heat.',
    facts: [
      ['A pump presses a gas until it turns liquid.', 'A fan cools a stone until it turns green.'],
      [
        'The liquid gives its heat to the room through the coils at the back.',
        'The powder gives its taste to the food through the door at the front.',
      ],
      [
        'Inside the refrigerator the liquid boils again and takes up heat.',
        'Inside the refrigerator the liquid freezes for ever and gives up smoke.',
      ],
    ],
    better:
      'Pressed by a pump, a gas turns liquid and gives its heat to the room through coils at the back. As it boils again inside, heat is taken up.',
  },
];

/** The rows as questions of a project, with the pairs that the method makes of them. */
export function proseQuestions(seed = 0): ProjectQuestion[] {
  return ROWS.map(({ question, answer, facts, better }, i) => {
    const id = `prose-${i}`;
    const atoms = facts.map(([fact]) => fact);
    return {
      ...{ id, question, answer, better, fineGrained: null, problems: [] },
      atoms: atoms.map(newAtom),
      pairs: comparisonPairs({
        ...{ better, atoms, revised: facts.map(([, revised]) => revised), beta: 0.5 },
        random: (aspect) => keyedRandom(seed, id, aspect),
      }),
    };
  });
}
