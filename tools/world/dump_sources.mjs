/** @file Writes what atlas takes from npm's countries-list and chemical-elements as one JSON document to stdout. */
import { elements } from 'chemical-elements';
import { continents, countries, languages } from 'countries-list';

const source = {
  continents,
  languages: Object.fromEntries(Object.entries(languages).map(([code, language]) => [code, language.name])),
  countries: Object.values(countries).map(
    ({ name, native, capital, continent, currency, languages, phone }) => ({
      name,
      native,
      capital,
      continent,
      currency,
      languages,
      phone: phone.map(String),
    }),
  ),
  elements: elements.map(({ name, symbol, number, mass }) => ({ name, symbol, number, mass })),
};
process.stdout.write(`${JSON.stringify(source)}\n`);
