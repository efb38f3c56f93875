// Classes, images and runs whose names would be markup, formulas or unseen marks: pages, tables and lines show them and obey none.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
const markup = `</td></style><script>alert(1)</script><img src=x onerror="alert('2')">`;
const turned = "\u202egnp\u2066.exe\u200b";
const formula = `=HYPERLINK("http://x.test"; "a")`;
const runName = `"><img src=x onerror=alert(3)> \u202e`;
let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  const recipe = await writeRecipes(at("recipes"));
  const image = `it's "<b>" & \u202e`;
  await writePngs(at("pngs"), [image], 24);
  const cells = [markup, turned, formula].map((label) => `"${label.replaceAll('"', '""')}"`);
  const file = (i: number) => `"${image.replaceAll('"', '""')}/${i}.png"`;
  const rows = Array.from({ length: 24 }, (_, i) => `${file(i)},${cells[i % 3]},${i < 18 ? "train" : "test"}`);
  await writeFile(at("pngs", "list.csv"), ["file,label,split", ...rows, ""].join("\n"));
  const data = ["--data", at("pngs", "list.csv")];
  const train = ["finetune", "--scratch", "--recipe", recipe("fineTune"), "--set", "epochs=1", "--test-split", "test"];
  const trained = await cli([...train, ...data, "--val-share", "0.3", "--out", at(runName), ...oneThread]);
  expect(trained.code, trained.stderr).toBe(0);
  expectHarmless(trained.stderr);
  const measured = await cli(["evaluate", at(runName), ...data, "--out", at("figures"), ...oneThread]);
  expect(measured.code, measured.stderr).toBe(0);
  expectHarmless(measured.stdout + measured.stderr);
}, 120_000);
afterAll(() => folder.remove());

function expectHarmless(text: string): void {
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
}

function expectHarmlessPage(page: string): void {
  expect(page).not.toMatch(/<script|<img src=x|<b>|\sonerror="/);
  expect(page).not.toMatch(/[\u200b\u202e\u2066]/);
  expect(
    page.match(/<meta\s+http-equiv="content-security-policy"\s+content="default-src &#39;none&#39;/gi),
  ).toHaveLength(1);
}

it("the page of an evaluation shows the classes and the images as text", async () => {
  const page = await readFile(at("figures", "report.html"), "utf8");
  expectHarmlessPage(page);
  expect(page).toContain("&#60;script&#62;alert(1)&#60;/script&#62;");
  expect(page).toContain("\\u202egnp\\u2066.exe\\u200b");
});

it("the table of an evaluation has no formula", async () => {
  const table = await readFile(at("figures", "figures.csv"), "utf8");
  expect(table).toContain(`\n"'=HYPERLINK(""http://x.test""; ""a"")",`);
  expect(table).not.toMatch(/(^|[,"\n])=/);
});

it("the page of a run shows its name and its classes as text", async () => {
  const reported = await cli(["report", at(runName), "--out", at("report.html")]);
  expect(reported.code, reported.stderr).toBe(0);
  expectHarmless(reported.stdout + reported.stderr);
  const page = await readFile(at("report.html"), "utf8");
  expectHarmlessPage(page);
  expect(page).toContain("&#34;&#62;&#60;img src=x onerror=alert(3)&#62;");
});

it("predictions name the classes, on a line each, and as they are for programs", async () => {
  const predict = ["predict", at(runName), "--images", at("pngs"), ...oneThread];
  const told = await cli(predict);
  expect(told.code, told.stderr).toBe(0);
  expectHarmless(told.stdout + told.stderr);
  expect(told.stdout).toContain("\\u202egnp\\u2066.exe\\u200b");
  const { events, stdout } = await cli([...predict, "--json"]);
  expectHarmless(stdout);
  const [first] = events.filter(({ event }) => event === "prediction") as unknown as { top: { label: string }[] }[];
  expect(first.top.map(({ label }) => label).sort()).toEqual([markup, turned, formula].sort());
});
