// Cycles between modules, by Tarjan's strongly connected components (1972).

type Graph = ReadonlyMap<string, ReadonlyArray<string>>;

/** One path around each knot of modules that import each other, `[a, b, a]`; empty where imports form no cycle. */
export function findCycles(graph: Graph): string[][] {
  return components(graph)
    .filter((members) => members.length > 1 || graph.get(members[0])?.includes(members[0]))
    .map((members) => shortestLoop(graph, members));
}

function components(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const enter = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) as number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) enter(next);
      // A finished component is off the stack and cannot lead back here.
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(next) as number));
    }
    if (lowest.get(node) === order.get(node)) found.push(stack.splice(stack.indexOf(node)));
  };
  for (const node of graph.keys()) if (!order.has(node)) enter(node);
  return found;
}

// Breadth first from the first member in alphabetical order, so that the same knot is always told the same way.
function shortestLoop(graph: Graph, members: ReadonlyArray<string>): string[] {
  const start = [...members].sort()[0];
  const paths: string[][] = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const next of graph.get(path[path.length - 1]) ?? []) {
      if (next === start) return [...path, start];
      if (seen.has(next) || !members.includes(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [start];
}
