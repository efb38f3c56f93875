// `beit report` and `beit watch` on runs that the commands themselves made.
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writeRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  const recipe = await writeRecipes(at("recipes"));
  const idx = await writeIdx(at("idx"));
  const train = (command: string, name: string, file: string, ...more: string[]) => {
    const flags = [
      command,
      "--data",
      idx,
      "--recipe",
      file,
      "--out",
      at("runs", name),
      "--backend",
      "simd",
      "--threads",
      "1",
    ];
    return cli([...flags, ...more]);
  };
  const scratch = ["--scratch", "--val-share", "0.25", "--test-split", "test", "--ema", "0.5"];
  const first = await train("finetune", "first", recipe("fineTune"), ...scratch);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain(`; its curves: beit report ${at("runs", "first")}`);
  expect((await train("finetune", "second", recipe("fineTune"), ...scratch, "--lr", "0.01")).code).toBe(0);
  expect((await train("train-tokenizer", "tokenizer", recipe("tokenizer"))).code).toBe(0);
  const stopped = await cli(
    [
      "finetune",
      "--scratch",
      "--json",
      "--data",
      idx,
      "--recipe",
      recipe("fineTune"),
      "--out",
      at("stopped"),
      "--backend",
      "simd",
    ],
    { onLine: (line, signal) => line.includes('"step":3,') && signal("SIGINT") },
  );
  expect(stopped.code).toBe(130);
});
afterAll(() => folder.remove());

it("report tells of a finished run what its summary does", async () => {
  const run = await cli(["report", at("runs", "first"), "--out", at("one.html"), "--json"]);
  expect([run.code, run.stderr]).toEqual([0, `page: ${at("one.html")}\n`]);
  const summary = JSON.parse(await readFile(at("runs", "first", "summary.json"), "utf8")) as {
    readonly validation: { readonly best: object; readonly last: object };
    readonly test: { readonly best: { readonly values: object }; readonly last: { readonly values: object } };
    readonly thisCall: { readonly peakMemoryBytes: number; readonly peakBackendBytes: number };
    readonly environment: { readonly processors: number };
  };
  const { best, last } = summary.validation;
  const { peakMemoryBytes, peakBackendBytes } = summary.thisCall;
  expect(peakMemoryBytes).toBeGreaterThan(2 ** 24);
  expect(peakBackendBytes).toBeGreaterThan(1000);
  expect(summary.environment.processors).toBeGreaterThan(0);
  expect(run.events).toHaveLength(1);
  expect(run.events[0]).toMatchObject({ event: "report", out: at("one.html"), differences: [] });
  expect((run.events[0]["runs"] as unknown[])[0]).toMatchObject({
    ...{ name: "first", stage: "fine-tune", state: "finished", step: 6, totalSteps: 6, epoch: 2, problems: [] },
    ...{ best, last, peakMemoryBytes, peakBackendBytes },
    test: { best: summary.test.best.values, last: summary.test.last.values },
  });
  const page = await readFile(at("one.html"), "utf8");
  expect(page).toContain("<h1>Run first</h1>");
  expect(page).toContain("from scratch");
});

it("report compares the runs of a folder, and of the demo's kind its parts", async () => {
  const run = await cli(["report", at("runs"), "--out", at("all.html")]);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(
    /^first: fine-tune, finished, 6 of 6 steps, loss [\d.]+, best val accuracy [\d.]+ % at step \d/m,
  );
  expect(run.stdout).toMatch(/^tokenizer: tokenizer, finished, 8 of 8 steps, loss/m);
  const page = await readFile(at("all.html"), "utf8");
  expect(page).toContain("<h1>3 runs compared</h1>");
  expect(page).toContain("learningRate.peak");
  const { events } = await cli([
    "report",
    at("runs", "first"),
    at("runs", "second"),
    "--json",
    "--out",
    at("all.html"),
  ]);
  expect(events[0]["differences"]).toEqual([{ field: "learningRate.peak", values: ["0.001", "0.01"] }]);
});

it("report knows a run that was stopped", async () => {
  const { events } = await cli(["report", at("stopped"), "--json", "--out", at("stopped.html")]);
  expect((events[0]["runs"] as unknown[])[0]).toMatchObject({ state: "stopped", step: 3, totalSteps: 8, best: null });
});

it("report writes over its own pages and over nothing else", async () => {
  await writeFile(at("mine.html"), "<p>mine</p>");
  const refused = await cli(["report", at("runs", "first"), "--out", at("mine.html")]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    `beit: --out ${at("mine.html")}: expected a new file or a page of beit report, got another file; take another name\n`,
  ]);
  const none = await cli(["report", at("gone"), "--out", at("none.html")]);
  expect([none.code, none.stderr]).toEqual([
    2,
    `beit: ${at("gone")}: expected the folder of a run, but there is nothing\n`,
  ]);
  expect((await cli(["report"])).code).toBe(2);
});

it("watch prints its address, serves the page and ends well on Ctrl-C", async () => {
  let page = "";
  const run = await cli(["watch", at("runs", "first"), at("runs", "second")], {
    onLine: (line, signal) =>
      void fetch(line)
        .then((response) => response.text())
        .then((text) => ((page = text), signal("SIGINT"))),
  });
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/^http:\/\/127\.0\.0\.1:4\d+\/\n$/);
  expect(run.stderr).toContain("Ctrl-C ends it\nstopping; the runs go on\n");
  expect(page).toContain("<h1>2 runs compared</h1>");
});

it("watch says when the port that was asked for is taken", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const run = await cli(["watch", at("runs", "first"), "--port", String(port)]);
  server.close();
  expect([run.code, run.stderr]).toEqual([2, `beit: port ${port} is taken or not allowed; take another --port\n`]);
});
