// The table that the demo is for: pre-trained against from scratch on the same few labels. (BEiT, section 3)
import { firstDifference } from "@beitjs/trainers";
import type { DemoSummary } from "../../demo/summary.ts";
import { percent, points, whole } from "../format-number.ts";
import { html, type Html } from "../html.ts";

export function headline({ summary }: { readonly summary: DemoSummary }): Html {
  const { fineTune, short } = summary;
  const { pretrained, scratch, difference } = fineTune;
  const several = pretrained.seeds.length > 1;
  return html`<section id="result">
    <h2>Pre-trained against from scratch</h2>
    ${short ? shortNote : undefined}
    <p>
      Two networks of the same size saw the same ${whole(fineTune.labels)} labels, ${fineTune.labelsPerClass} a class,
      ${schedules(summary)}. One of them had first learnt to fill in masked patches of
      ${whole(summary.data.train.images)} images without any labels. ${origin(summary)}Test accuracy on
      ${whole(fineTune.testImages)} images that neither had seen:
    </p>
    <div class="scroll">
      <table class="result">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">Pre-trained</th>
            <th scope="col">From scratch</th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          <tr class="main">
            <th scope="row">Accuracy${several ? `, mean of ${pretrained.seeds.length} seeds` : ""}</th>
            <td>${percent(pretrained.accuracy)}</td>
            <td>${percent(scratch.accuracy)}</td>
            <td>${points(difference.accuracy)}</td>
          </tr>
          ${several ? seedRows(summary) : undefined} ${several ? deviationRow(summary) : undefined}
          <tr>
            <th scope="row">Among the five most likely</th>
            <td>${percent(pretrained.top5)}</td>
            <td>${percent(scratch.top5)}</td>
            <td>${points(pretrained.top5 - scratch.top5)}</td>
          </tr>
        </tbody>
      </table>
    </div>
    ${beside(summary)}
    <p class="note">
      ${uncertainty(summary)} The last state of each network counts: no checkpoint was picked by its test accuracy.
      ${summary.data.test.usedForTuning ? tuningNote : ""}
    </p>
  </section>`;
}

const shortNote = html`<p class="warning" role="note">
  <strong>A short run.</strong> It shows that every stage works, on a few hundred images and an epoch or two. Its
  figures mean nothing; run the demo without <code>--short</code> for real ones.
</p>`;

// Of the emoji: who drew what the page shows, by their licences; and which of it is where.
function origin({ data }: DemoSummary): Html | string {
  if (data.shipped !== "emoji") return "";
  return html`They are emoji, drawn by Google (Noto Emoji, Apache License 2.0) and by Twitter (Twemoji, copyright
    Twitter, Inc. and other contributors, CC BY 4.0, <code>creativecommons.org/licenses/by/4.0</code>), put on white and
    made small: all of Google's, and Twitter's of every second one of a group. The labels are of Google's drawings; the
    test images are Twitter's drawings of the others, a style of which no network saw a label. `;
}

// The same labels in the hands of simpler classifiers, so that the table above is not read alone.
function beside({ yardsticks }: DemoSummary): Html {
  return html`<h3>The same labels, simpler classifiers</h3>
    <div class="scroll">
      <table class="result">
        <tbody>
          ${yardsticks.map(
            ({ name, accuracy, standardDeviation, seeds }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${percent(accuracy)}${seeds.length > 1 ? ` ± ${percent(standardDeviation)}` : ""}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

// Measured once, on the checkpoints of `beit demo --data fashion --seeds 3`: the full test set without the images shipped.
const tuningNote =
  "The recipes themselves were chosen on these 2,000 images; on the 8,000 other test images of Fashion-MNIST, three seeds " +
  "gave 69.2 % against 59.3 %.";

function schedules({ recipes: { fineTune, scratch } }: DemoSummary): string {
  if (firstDifference({ ...fineTune, seed: 0 }, { ...scratch, seed: 0 }) === undefined) return "with the same schedule";
  const told = ({ epochs, batchSize }: typeof fineTune) => `${epochs} epochs in batches of ${batchSize}`;
  const both = `pre-trained ${told(fineTune)}, from scratch ${told(scratch)}`;
  return `each with the schedule and augmentation that suit it better (${both}; all of it under Recipes)`;
}

function seedRows({ fineTune: { pretrained, scratch, difference } }: DemoSummary): Html[] {
  return pretrained.seeds.map(
    ({ seed, accuracy }, i) =>
      html`<tr>
        <th scope="row">Seed ${seed}</th>
        <td>${percent(accuracy)}</td>
        <td>${percent(scratch.seeds[i].accuracy)}</td>
        <td>${points(difference.seeds[i])}</td>
      </tr>`,
  );
}

function deviationRow({ fineTune: { pretrained, scratch } }: DemoSummary): Html {
  return html`<tr>
    <th scope="row">Standard deviation over seeds</th>
    <td>${percent(pretrained.standardDeviation)}</td>
    <td>${percent(scratch.standardDeviation)}</td>
    <td></td>
  </tr>`;
}

// The binomial standard error of one accuracy: what another draw of test images would change.
function uncertainty({ fineTune: { pretrained, testImages } }: DemoSummary): string {
  const error = Math.sqrt((pretrained.accuracy * (1 - pretrained.accuracy)) / testImages);
  const seeds = pretrained.seeds.length;
  const more =
    seeds > 1
      ? "A seed chooses the labeled images and starts the network; tokenizer and pre-training are the same for all."
      : "Which images carry the labels is drawn by one seed; with --seeds 3 the pair is repeated with others.";
  return `The standard error of an accuracy on ${whole(testImages)} images is ${(100 * error).toFixed(1)} points. ${more}`;
}
