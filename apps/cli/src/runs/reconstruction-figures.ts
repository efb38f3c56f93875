// What an autoencoder's reconstructions are worth, in words: their error, likeness, and the bound with what it is a bound of.
import type { GaussianScores, LikelihoodBound, ReconstructionScores, TokenizerScores } from "@beitjs/trainers";
import type { Figures } from "./stages.ts";

/** How well images come back from visual tokens, and which of these are in use. */
export function codebookFigures({ meanAbsoluteError, usage }: TokenizerScores): Figures {
  const { used, vocabSize, perplexity, tokens } = usage;
  return {
    values: { meanAbsoluteError, usage },
    lines: [
      `mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1])`,
      `codebook: ${used} of ${vocabSize} tokens in use, perplexity ${perplexity.toFixed(1)} (1 to ${vocabSize}), over ${tokens} tokens`,
    ],
  };
}

/** How well images come back from the means of their posteriors. */
export function gaussianFigures({ meanAbsoluteError }: GaussianScores): Figures {
  const line = `mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1], from the posterior means)`;
  return { values: { meanAbsoluteError }, lines: [line] };
}

/** Figures with those of reconstructions beside them. */
export function withReconstructions(figures: Figures, scores: ReconstructionScores): Figures {
  const { lines, values } = figures;
  return { ...figures, values: { ...values, ...scores }, lines: [...lines, ...reconstructionLines(scores)] };
}

/** As lines for people. */
function reconstructionLines({ psnr, ssim, bound }: ReconstructionScores): readonly string[] {
  const similarity = ssim === undefined ? "SSIM needs sides of at least 11 pixels" : `SSIM ${ssim.toFixed(4)}`;
  const { elbo, logLikelihood, kl, bitsPerDimension, dimensions } = bound;
  return [
    `reconstruction: PSNR ${psnr.toFixed(2)} dB, ${similarity} (means over images)`,
    `bound on the likelihood: ${elbo.toFixed(2)} nats an image = ${logLikelihood.toFixed(2)} of reconstruction - ${kl.toFixed(2)} of KL to the prior; ` +
      `${bitsPerDimension.toFixed(3)} bits a value (${dimensions} values; 8: no better than every level alike)`,
    densityLine(bound),
  ];
}

function densityLine({ likelihood, standardDeviation }: LikelihoodBound): string {
  const unit = "of a density over pixels in [0, 1], not of the probability of 8-bit images";
  if (likelihood === "logit-laplace") return `the bound is ${unit}; logit-Laplace, as trained`;
  const deviation = (standardDeviation ?? NaN).toPrecision(3);
  return `the bound is ${unit}; normal with deviation ${deviation}, fitted to these images: the training loss has no density of its own`;
}
