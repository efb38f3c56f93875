// One loop for everything: AdamW with warm-up and a cosine, gradients cut at a norm of one.
import { disposeTree, leaves, scope, valueAndGradient, type Tensor } from "@beitjs/tensor-core";
import { globalNorm } from "@beitjs/tensor-core/ops";
import { adamWDefaults, initAdamW, updateAdamW, warmupCosine } from "@beitjs/trainers";

export type TrainOptions = { readonly steps: number; readonly peak: number };

const optimizer = { ...adamWDefaults, weightDecay: 0.01, clipNorm: 1 };
const WARMUP_SHARE = 0.1;

/** Trains `params` in place; yields each step's losses, which are to be read before the next. */
export async function* train<Params, Value extends Readonly<Record<string, Tensor>> & { readonly loss: Tensor }>(
  params: Params,
  objective: (params: Params, step: number) => Value,
  { steps, peak }: TrainOptions,
): AsyncGenerator<{ readonly step: number } & Readonly<Record<keyof Value, number>>, void, void> {
  let state = initAdamW(params);
  const own = leaves<Tensor>(params);
  const [[, { backend }]] = own;
  const rateScales = own.map(() => 1);
  // Norms and biases do not decay.
  const decayScales = own.map(([, { shape }]) => Number(shape.length > 1));
  const warmupSteps = Math.max(1, Math.round(WARMUP_SHARE * steps));
  try {
    for (let step = 0; step < steps; step++) {
      const { value, gradients } = valueAndGradient(params, (tracked) => objective(tracked, step));
      const learningRate = warmupCosine(step, steps, { peak, minimum: 0, warmupSteps });
      scope(backend, () => {
        const norm = globalNorm(leaves<Tensor>(gradients).map(([, gradient]) => gradient));
        state = updateAdamW(params, gradients, state, {
          learningRate,
          options: optimizer,
          rateScales,
          decayScales,
          norm,
        });
      });
      const read = await Promise.all(
        Object.entries<Tensor>(value).map(async ([name, scalar]) => [name, (await scalar.read())[0]] as const),
      );
      disposeTree([value, gradients]);
      yield { step, ...(Object.fromEntries(read) as Readonly<Record<keyof Value, number>>) };
    }
  } finally {
    disposeTree([state.firstMoments, state.secondMoments]);
  }
}
