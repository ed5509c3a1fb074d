/** @file Whole-number expressions over a shader's constants, as sizes of its arrays are written. */

/** Value of `text`, such as "4u * (TILE + 1u)". @throws Error naming what it cannot read */
export function evaluate(text: string, constants: ReadonlyMap<string, number>): number {
  const words = text.match(/\w+|\S/g) ?? [];
  let at = 0;
  const fail = (): never => {
    throw new Error(`"${text}" is no expression of whole numbers and known constants.`);
  };
  const atom = (): number => {
    const token = words[at++];
    if (token === undefined) return fail();
    if (token === '(') {
      const value = sum();
      if (words[at++] !== ')') fail();
      return value;
    }
    // A conversion of type: u32(x).
    if (/^[uif]32$/.test(token)) return atom();
    if (/^(?:\d+|0x[0-9a-f]+)[ui]?$/i.test(token)) return Number(token.replace(/[ui]$/, ''));
    return constants.get(token) ?? fail();
  };
  const product = (): number => {
    let value = atom();
    for (;;) {
      const operator = words[at];
      if (operator !== '*' && operator !== '/' && operator !== '%') return value;
      at++;
      const right = atom();
      value = operator === '*' ? value * right : operator === '/' ? Math.floor(value / right) : value % right;
    }
  };
  const sum = (): number => {
    let value = product();
    for (;;) {
      const operator = words[at];
      if (operator !== '+' && operator !== '-') return value;
      at++;
      value += operator === '+' ? product() : -product();
    }
  };
  const value = sum();
  if (at < words.length) fail();
  return value;
}
