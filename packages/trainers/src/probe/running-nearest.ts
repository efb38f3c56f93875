// The k most similar so far of every query, as blocks of similarities come in. Of equals the one that came first stays.

/** Of every query the k most similar, the most similar first. [Q, k] each */
export type Nearest = {
  readonly k: number;
  readonly indices: Int32Array;
  readonly similarities: Float32Array;
};

export type Offer = {
  /** Where the query's similarities begin in the block, how many they are, and the index that the first is of. */
  readonly at: number;
  readonly count: number;
  readonly from: number;
  /** One that does not count, from the first; -1 for none. */
  readonly except: number;
};

export type RunningNearest = {
  readonly offer: (query: number, block: ArrayLike<number>, offer: Offer) => void;
  readonly sorted: () => Nearest;
};

/** Lists of k, kept as heaps with the least similar on top: most of what is offered is refused by one comparison. */
export function createNearest(queries: number, k: number): RunningNearest {
  const similarities = new Float32Array(queries * k).fill(-Infinity);
  const indices = new Int32Array(queries * k).fill(-1);
  return {
    offer(query, block, { at, count, from, except }) {
      const top = query * k;
      for (let i = 0; i < count; i++) {
        const similarity = block[at + i];
        if (similarity > similarities[top] && i !== except) {
          replaceTop({ similarities, indices, k, top }, similarity, from + i);
        }
      }
    },
    sorted: () => sorted(similarities, indices, k),
  };
}

type Heap = {
  readonly similarities: Float32Array;
  readonly indices: Int32Array;
  readonly k: number;
  readonly top: number;
};

// What comes later has a larger index: of equals it is the worse one.
function replaceTop({ similarities, indices, k, top }: Heap, similarity: number, index: number): void {
  const isWorse = (a: number, b: number): boolean =>
    similarities[a] === similarities[b] ? indices[a] > indices[b] : similarities[a] < similarities[b];
  let place = top;
  for (;;) {
    let child = top + 2 * (place - top) + 1;
    if (child >= top + k) break;
    if (child + 1 < top + k && isWorse(child + 1, child)) child++;
    if (similarities[child] >= similarity) break;
    similarities[place] = similarities[child];
    indices[place] = indices[child];
    place = child;
  }
  similarities[place] = similarity;
  indices[place] = index;
}

function sorted(similarities: Float32Array, indices: Int32Array, k: number): Nearest {
  const result = { k, indices: new Int32Array(indices.length), similarities: new Float32Array(indices.length) };
  for (let top = 0; top < indices.length; top += k) {
    const order = Array.from({ length: k }, (_, i) => top + i).sort(
      (a, b) => similarities[b] - similarities[a] || indices[a] - indices[b],
    );
    order.forEach((from, i) => {
      result.indices[top + i] = indices[from];
      result.similarities[top + i] = similarities[from];
    });
  }
  return result;
}
