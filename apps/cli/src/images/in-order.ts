// Work on many things at a time whose results come in order: what is begun ahead of its turn is bounded, and with it the
// memory that waits.

export type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

/**
 * What became of `start(0)` to `start(count - 1)`, in order. `ahead` of them are begun before they are asked for. A failure is an
 * outcome like others: what comes after it is still there.
 */
export async function* inOrder<Value>(
  count: number,
  start: (index: number) => Promise<Value>,
  ahead: number,
): AsyncGenerator<Outcome<Value>, void, void> {
  const begun: Promise<Outcome<Value>>[] = [];
  for (let next = 0; next < count || begun.length > 0;) {
    while (next < count && begun.length < ahead) begun.push(outcomeOf(start(next++)));
    yield await (begun.shift() as Promise<Outcome<Value>>);
  }
}

function outcomeOf<Value>(work: Promise<Value>): Promise<Outcome<Value>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
