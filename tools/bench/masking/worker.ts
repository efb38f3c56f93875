// A contestant: draws the same masks again and again, in bulk by WebAssembly or one by one by TypeScript. Prints one line
// of JSON.
import { blockwiseMask, uniformMask } from "@beitjs/masking";
import { createMaskGenerator } from "@beitjs/masking/bulk";
import { createRng } from "@beitjs/tensor-core/random";
import { drawings, grid, type DrawingName, type MaskingRequest, type MaskingResult } from "./settings.ts";

const { implementation, seed, masks, seconds } = JSON.parse(process.argv[2]) as MaskingRequest;
const generator = await createMaskGenerator();
const names = Object.keys(drawings) as DrawingName[];
console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, measure(name)]))));

function measure(name: DrawingName): MaskingResult[DrawingName] {
  const draw = implementation === "wasm-bulk" ? drawInBulk : drawOneByOne;
  const masked = draw(name);
  const times: number[] = [];
  const start = performance.now();
  while (times.length < 3 || performance.now() - start < seconds * 1000) {
    const from = performance.now();
    draw(name);
    times.push(performance.now() - from);
  }
  return { times, masked };
}

// Both give the masked patches of all masks, so that nothing is optimized away.
function drawInBulk(name: DrawingName): number {
  const address = { seed, masks };
  const { counts } =
    name === "uniform"
      ? generator.uniform(grid, drawings.uniform, address)
      : generator.blockwise(grid, drawings[name], address);
  return counts.reduce((sum, count) => sum + count, 0);
}

function drawOneByOne(name: DrawingName): number {
  let masked = 0;
  for (let index = 0; index < masks; index++) {
    const rng = createRng({ seed, index });
    const { count } =
      name === "uniform" ? uniformMask(grid, drawings.uniform, rng) : blockwiseMask(grid, drawings[name], rng);
    masked += count;
  }
  return masked;
}
