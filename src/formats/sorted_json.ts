/** @file JSON as Python's json.dumps(indent=2, sort_keys=True) writes it, which is the form of PEFT's and Transformers' files. */

/**
 * @param floats keys whose whole numbers are floats in Python, so that 1 is written 1.0
 * @throws RangeError for a number that JSON has no form for
 */
export function sortedJson(value: unknown, floats: ReadonlySet<string> = new Set()): string {
  const write = (item: unknown, key: string, indent: string): string => {
    const inner = `${indent}  `;
    const block = (open: string, lines: string[], close: string) =>
      lines.length === 0 ? open + close : `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${close}`;
    if (Array.isArray(item))
      return block(
        '[',
        item.map((entry) => write(entry, key, inner)),
        ']',
      );
    if (typeof item === 'object' && item !== null)
      return block(
        '{',
        Object.entries(item)
          .filter(([, entry]) => entry !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, entry]) => `${ascii(JSON.stringify(name))}: ${write(entry, name, inner)}`),
        '}',
      );
    if (typeof item === 'number') {
      if (!Number.isFinite(item)) throw new RangeError(`${key}: ${item} has no form in JSON`);
      return floats.has(key) && Number.isInteger(item) && Math.abs(item) < 1e16 ? item.toFixed(1) : `${item}`;
    }
    return ascii(JSON.stringify(item));
  };
  return write(value, '', '');
}

/** Python escapes what is not ASCII. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (c) =>
    c === '\u007f' ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
