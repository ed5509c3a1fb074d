/**
 * @file What a chat template may use besides its messages: Jinja's constants, and what Transformers adds to them. It
 * knows no clock: the date is pinned, so that Llama 3's templates, which print today's, render the same text every day.
 */
const MAX_RANGE = 10_000;

/** The day that templates are told it is. */
const DATE = new Date(Date.UTC(2024, 6, 26));

/** `date_string` of Llama 3's templates, in their own format; a run's manifest names it. */
export const DATE_STRING = '26 Jul 2024';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** strftime of the pinned date, for the directives that templates in use ask for. */
function strftime(format: string): string {
  const month = MONTHS[DATE.getUTCMonth()]!;
  const parts: Readonly<Record<string, string>> = {
    '%d': String(DATE.getUTCDate()).padStart(2, '0'),
    '%m': String(DATE.getUTCMonth() + 1).padStart(2, '0'),
    '%b': month.slice(0, 3),
    '%B': month,
    '%Y': String(DATE.getUTCFullYear()),
  };
  return format.replace(/%[a-zA-Z]/g, (directive) => parts[directive] ?? directive);
}

/** Numbers as Python's range gives them; more of them than a chat could need are refused. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MAX_RANGE)) throw new Error(`a range of ${count} numbers`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

export const JINJA_GLOBALS = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  range,
  date_string: DATE_STRING,
  strftime_now: strftime,
  raise_exception: (message: string) => {
    throw new Error(message);
  },
};
