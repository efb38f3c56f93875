// What this run was: data, machine, times and the three recipes in full.
import { formatSize } from "@beitjs/tensor-core/grid";
import { stringify } from "yaml";
import type { DemoSummary } from "../../demo/summary.ts";
import { formatBackend } from "../../backends/open.ts";
import { duration, whole } from "../format-number.ts";
import { html, type Html } from "../html.ts";

type Row = readonly [name: string, value: string | Html];

export function settings({ summary }: { readonly summary: DemoSummary }): Html {
  const { recipes } = summary;
  return html`<section id="settings">
    <h2>This run</h2>
    <div class="tables">
      ${table("Data", dataRows(summary))} ${table("Models", modelRows(summary))}
      ${table("Machine", machineRows(summary))} ${table("Time", timeRows(summary))}
    </div>
    <h3>Recipes</h3>
    ${Object.entries(recipes).map(
      ([stage, recipe]) =>
        html`<details>
          <summary>${stage}</summary>
          <pre>${stringify(recipe)}</pre>
        </details>`,
    )}
  </section>`;
}

function table(title: string, rows: readonly Row[]): Html {
  return html`<div>
    <h3>${title}</h3>
    <table>
      ${rows.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

function dataRows({ data, fineTune, seeds }: DemoSummary): Row[] {
  const hash = (sha256: string) => html`<code title="${sha256}">${sha256.slice(0, 16)}…</code>`;
  return [
    ["Folder", html`<code>${data.path}</code> (${data.kind})`],
    ["Training images", html`${whole(data.train.images)}, SHA-256 ${hash(data.train.sha256)}`],
    [
      "Test images",
      html`${whole(data.test.images)}, SHA-256
      ${hash(data.test.sha256)}${data.test.heldOut ? ", set aside from the training images" : ""}`,
    ],
    ...(data.skipped > 0 ? [["Unreadable images left out", whole(data.skipped)] as const] : []),
    ["Classes", data.classes.join(", ")],
    ["Labels used", `${whole(fineTune.labels)}: ${fineTune.labelsPerClass} a class`],
    ["Seeds", `tokenizer ${seeds.tokenizer}, pre-training ${seeds.pretrain}, fine-tuning ${seeds.fineTune.join(", ")}`],
  ];
}

function modelRows({ tokenizer, pretrain, recipes, fineTune }: DemoSummary): Row[] {
  const { patchSize, width, depth, heads, imageSize } = recipes.pretrain.model;
  return [
    ["Tokenizer", `${whole(tokenizer.parameters)} parameters, ${tokenizer.vocabSize} visual tokens`],
    [
      "Encoder",
      `${whole(pretrain.parameters)} parameters: width ${width}, depth ${depth}, ${heads} heads, ${formatSize(imageSize)} pixels in patches of ${patchSize}`,
    ],
    [
      "Steps",
      `tokenizer ${whole(tokenizer.steps)}, pre-training ${whole(pretrain.steps)}, fine-tuning ${whole(fineTune.pretrained.steps)}, from scratch ${whole(fineTune.scratch.steps)}`,
    ],
    [
      "Images a step",
      Object.values(recipes)
        .map(({ batchSize }) => batchSize)
        .join(", "),
    ],
  ];
}

function machineRows({ backend, environment }: DemoSummary): Row[] {
  return [
    ["Backend", formatBackend(backend)],
    ["Processor", `${environment.processors} x ${environment.processor}`],
    ["Memory", `${(environment.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ["Versions", `beit ${environment.beit}, Node ${environment.node}, ${environment.platform}`],
  ];
}

function timeRows({ seconds, finished }: DemoSummary): Row[] {
  return [
    ["Data", duration(seconds.data)],
    ["Tokenizer", duration(seconds.tokenizer)],
    ["Pre-training", duration(seconds.pretrain)],
    ["Fine-tuning, both", duration(seconds.fineTune)],
    ["Pictures", duration(seconds.report)],
    ["In all", duration(seconds.total)],
    ["Finished", finished],
  ];
}
