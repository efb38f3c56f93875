// The figures of a classifier, class by class: for the terminal, as a table, and as the sections of a page.
import type { Image } from "@beitjs/tensor-core/image";
import type { ClassifierScores, Dataset, Mistake } from "@beitjs/trainers";
import type { Cell } from "../files/csv.ts";
import { picture, pipelineOf, visible } from "../pictures/picture.ts";
import { printable } from "../program/printable.ts";
import { formatShare } from "../runs/expectations.ts";
import { chartFigure } from "./chart.ts";
import { percent, whole } from "./format-number.ts";
import { html, type Html } from "./html.ts";
import { DEEPEST } from "./style.ts";

type Scores = ClassifierScores & { readonly classes: readonly string[] };

// More do not fit a screen, or a page that is to be read.
const mostLines = 20;
const mostPairs = 10;
const mostColumns = 40;
const thumbnail = 160;

/** Lines for the terminal beside accuracy and top 5. */
export function classifierDetails(scores: Scores): readonly string[] {
  const { loss, calibrationError, classes } = scores;
  const ordered = byAccuracy(scores);
  const shown = ordered.slice(0, mostLines);
  const heading = shown.length < ordered.length ? `the ${shown.length} classes least often right:` : "classes:";
  const width = Math.max(...shown.map(({ name }) => name.length));
  return [
    `loss ${loss.toFixed(4)}`,
    `calibration error ${formatShare(calibrationError)} (expected, 15 bins)`,
    heading,
    ...shown.map(({ name, accuracy, images }) => `  ${name.padEnd(width)}  ${share(accuracy)} of ${images} images`),
    ...confused(scores).map(
      ({ label, predicted, count }) =>
        `  ${count} x ${printable(classes[label])} taken for ${printable(classes[predicted])}`,
    ),
  ];
}

/** A row a class: its images, how many were right, and what they were taken for. */
export function classifierTable({ classes, confusion, classAccuracy }: Scores): readonly (readonly Cell[])[] {
  const head = ["class", "images", "accuracy", ...classes.map((name) => `predicted ${name}`)];
  return [
    head,
    ...classes.map((name, label) => [name, sumOf(confusion[label]), classAccuracy[label], ...confusion[label]]),
  ];
}

/** Sections of a page: calibration, classes, confusion, and the surest mistakes as pictures. */
export async function classifierSections(scores: Scores, images: Dataset): Promise<readonly Html[]> {
  return [
    calibrationSection(scores),
    classSection(scores),
    confusionSection(scores),
    await mistakeSection(scores, images),
  ];
}

function calibrationSection({ calibration, calibrationError }: Scores): Html {
  const filled = calibration.filter(({ images }) => images > 0);
  return html`<section>
    <h2>Calibration</h2>
    ${chartFigure({
      title: "How often it is right against how sure it is",
      caption: `Expected calibration error ${percent(calibrationError)}: the mean distance of the two lines over ${calibration.length} bins of confidence. Below the dashed line it is surer than right.`,
      heading: "h3",
      xName: "confidence",
      percent: true,
      xPercent: true,
      curves: [
        { name: "accuracy", color: 1, points: filled.map(({ confidence, accuracy }) => [confidence, accuracy]) },
        {
          name: "as sure as right",
          color: 2,
          dashed: true,
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    })}
  </section>`;
}

function classSection(scores: Scores): Html {
  const row = ({ name, accuracy, images }: ClassLine) =>
    html`<tr>
      <th scope="row">${name}</th>
      <td>${accuracy === null ? "no images" : percent(accuracy)}</td>
      <td>${whole(images)}</td>
    </tr>`;
  return html`<section>
    <h2>Classes</h2>
    <p>Least often right first.</p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col">Accuracy</th>
            <th scope="col">Images</th>
          </tr>
        </thead>
        <tbody>
          ${byAccuracy(scores).map(row)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function confusionSection(scores: Scores): Html {
  const { classes, confusion } = scores;
  const pairs = confused(scores).map(
    ({ label, predicted, count }) => html`<li>${count} × ${classes[label]} taken for ${classes[predicted]}</li>`,
  );
  return html`<section>
    <h2>What is taken for what</h2>
    ${
      pairs.length === 0
        ? html`<p>Nothing: every image was classified rightly.</p>`
        : html`<ul>
            ${pairs}
          </ul>`
    }
    ${classes.length > mostColumns ? html`<p>The whole matrix of ${classes.length} classes is in the JSON and CSV files.</p>` : matrix(classes, confusion)}
  </section>`;
}

function matrix(classes: readonly string[], confusion: Scores["confusion"]): Html {
  const cell = (count: number, all: number) => {
    const depth = all === 0 ? 0 : Math.round((DEEPEST * count) / all);
    return html`<td class="depth-${depth}">${count === 0 ? "" : count}</td>`;
  };
  return html`<p class="caption">Rows: the true class. Columns: what was predicted.</p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th></th>
            ${classes.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${confusion.map(
            (row, label) =>
              html`<tr>
                <th scope="row">${classes[label]}</th>
                ${row.map((count) => cell(count, sumOf(row)))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

async function mistakeSection({ mistakes, classes }: Scores, images: Dataset): Promise<Html> {
  const figure = async ({ index, name, label, predicted, probability, trueProbability }: Mistake) => {
    const { image } = await images.get(index);
    return html`<figure>
      ${await picture(await shrunk(image), name, thumbnail)}
      <figcaption>
        ${classes[label]} (${percent(trueProbability)}) taken for ${classes[predicted]} (${percent(probability)})<br />${name}
      </figcaption>
    </figure>`;
  };
  const figures: Html[] = [];
  for (const mistake of mistakes) figures.push(await figure(mistake));
  return html`<section>
    <h2>Worst mistakes</h2>
    <p>Wrong answers that were given with the most confidence, the surest first.</p>
    <div class="mistakes">${figures}</div>
  </section>`;
}

async function shrunk(image: Image): Promise<Image> {
  const { width, height, channels } = visible(image);
  if (Math.max(width, height) <= thumbnail) return image;
  const made = await pipelineOf(image)
    .resize({ width: thumbnail, height: thumbnail, fit: "inside" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { info } = made;
  return { width: info.width, height: info.height, channels, data: new Uint8Array(made.data) };
}

type ClassLine = { readonly name: string; readonly accuracy: number | null; readonly images: number };

/** Classes, the one least often right first; those without images last. */
function byAccuracy({ classes, classAccuracy, confusion }: Scores): readonly ClassLine[] {
  const lines = classes.map((name, label) => ({
    name: printable(name),
    accuracy: classAccuracy[label],
    images: sumOf(confusion[label]),
  }));
  return lines.sort((a, b) => (a.accuracy ?? 2) - (b.accuracy ?? 2));
}

/** Pairs of classes that are taken for each other, most often first. */
function confused({ confusion }: Scores): readonly { label: number; predicted: number; count: number }[] {
  return confusion
    .flatMap((row, label) => row.map((count, predicted) => ({ label, predicted, count })))
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, mostPairs);
}

function share(accuracy: number | null): string {
  return accuracy === null ? "-" : formatShare(accuracy);
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
