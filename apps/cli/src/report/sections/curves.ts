// How the three trainings went, from the metrics of the run.
import { chartFigure, type Curve, type Point } from "../chart.ts";
import { percent, whole } from "../format-number.ts";
import { html, type Html } from "../html.ts";
import type { FineTuneCurves, ReportData } from "../report-data.ts";

export function curves(data: ReportData): Html {
  return html`<section id="curves">
    <h2>How training went</h2>
    <h3>Tokenizer</h3>
    <div class="charts">${tokenizerCharts(data)}</div>
    <h3>Pre-training</h3>
    <div class="charts">${pretrainCharts(data)}</div>
    <h3>Fine-tuning with few labels</h3>
    <div class="charts">${fineTuneCharts(data)}</div>
  </section>`;
}

function tokenizerCharts({ curves: { tokenizer }, summary }: ReportData): Html[] {
  const { vocabSize, used } = summary.tokenizer;
  const chart = (title: string, name: string, points: readonly Point[], caption: string) =>
    chartFigure({ title, caption, xName: "step", curves: [{ name, points, color: 1 }], narrow: true });
  return [
    chart(
      "Reconstruction error",
      "error",
      tokenizer.reconstruction,
      "How far decoded pixels are from the image, in training with relaxed (Gumbel-softmax) tokens.",
    ),
    chart(
      "KL divergence to uniform",
      "KL",
      tokenizer.kl,
      `Per token: 0 where every token is equally likely, ln ${vocabSize} = ${Math.log(vocabSize).toFixed(2)} where the encoder is sure. (DALL-E paper, section 2)`,
    ),
    chartFigure({
      title: "Codebook perplexity",
      caption: `How many visual tokens are in use, as if all were equally frequent; a collapsed codebook stays near 1. On the test images ${used} of ${vocabSize} occur.`,
      xName: "step",
      curves: trainAndTest(tokenizer.perplexity, tokenizer.testPerplexity),
      level: { value: vocabSize, name: `${vocabSize} tokens` },
      narrow: true,
    }),
  ];
}

function trainAndTest(train: readonly Point[], test: readonly Point[]): Curve[] {
  return [
    { name: "in training", points: train, color: 1 },
    { name: "on the test images", points: test, color: 1, dashed: true },
  ];
}

function pretrainCharts({ curves: { pretrain }, summary }: ReportData): Html[] {
  const { expectedStartLoss, loss, accuracy } = summary.pretrain;
  const { vocabSize } = summary.tokenizer;
  return [
    chartFigure({
      title: "Loss of masked image modeling",
      caption: `Cross-entropy over the masked patches. Guessing costs ln ${vocabSize} = ${expectedStartLoss.toFixed(3)}, where training starts; on the test images it is ${loss.toFixed(3)} now. (BEiT, section 2.3)`,
      xName: "step",
      curves: trainAndTest(pretrain.loss, pretrain.testLoss),
      level: { value: expectedStartLoss, name: `ln ${vocabSize}` },
    }),
    chartFigure({
      title: "Masked patches predicted right",
      caption: `Share of masked patches whose most likely token is the right one; guessing finds ${percent(1 / vocabSize)}. On the test images ${percent(accuracy)}.`,
      xName: "step",
      curves: trainAndTest(pretrain.accuracy, pretrain.testAccuracy),
      percent: true,
    }),
  ];
}

function fineTuneCharts({ curves: { fineTune }, summary }: ReportData): Html[] {
  const pair = (part: keyof FineTuneCurves) => [
    { name: "pre-trained", points: fineTune.pretrained[part], color: 1 as const },
    { name: "from scratch", points: fineTune.scratch[part], color: 2 as const, dashed: true },
  ];
  const { labels, testImages } = summary.fineTune;
  const common = { xName: "epoch", percent: true };
  const seed = summary.seeds.fineTune.length > 1 ? ` Seed ${summary.seeds.fineTune[0]}.` : "";
  return [
    chartFigure({
      ...common,
      title: "Test accuracy",
      caption: `On ${whole(testImages)} test images, measured along the way.${seed}`,
      curves: pair("test"),
    }),
    chartFigure({
      ...common,
      title: "Training accuracy",
      caption: `On the ${whole(labels)} labeled images, augmented as in training, mean of each epoch.${seed}`,
      curves: pair("train"),
    }),
  ];
}
