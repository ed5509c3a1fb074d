/**
 * @file The read token of the Hub: given once, wherever it is asked for, to every worker that asks the Hub. The page keeps
 * none.
 */
const takers: ((token: string) => Promise<void>)[] = [];

/** Hands over every token from now on. */
export function onToken(taker: (token: string) => Promise<void>): void {
  takers.push(taker);
}

export async function shareToken(token: string): Promise<void> {
  await Promise.all(takers.map((take) => take(token)));
}
