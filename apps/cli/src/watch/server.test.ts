// The live page: what it answers, to whom, and that it follows a run and ends.
import { createHash } from "node:crypto";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRuns } from "../report/runs/open-runs.ts";
import { makeFolder } from "../testing/run-cli.ts";
import { createWatch, listen, type Watch } from "./server.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let run: string;
let watch: Watch;
let port: number;
const told: string[] = [];
const line = (step: number) => `{"step":${step},"time":${step},"loss":${1 / step},"epoch":${step / 10}}\n`;

beforeAll(async () => {
  folder = await makeFolder();
  run = join(folder.path, "run");
  await mkdir(run);
  await writeFile(join(run, "metrics.jsonl"), line(1) + line(2));
  await writeFile(join(run, "recipe.yaml"), "stage: pretrain\nepochs: 3\nbatchSize: 4\n");
  watch = createWatch({ runs: openRuns([run]), every: 20, now: Date.now, tell: (message) => void told.push(message) });
  port = (await listen(watch.server, [0])) as number;
});
afterAll(async () => {
  await watch.close();
  await folder.remove();
});

type Answer = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string };

// `fetch` sets the host itself.
function ask(path: string, { host = `127.0.0.1:${port}`, method = "GET" } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers: { host }, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on("error", reject).end();
  });
}

it("serves the page, and says that nothing comes from outside", async () => {
  const { status, headers, text } = await ask("/");
  expect(status).toBe(200);
  expect(text).toContain("<h1>Run run</h1>");
  expect(text.match(/<script[^>]*>/g)).toEqual(['<script src="/live.js" type="module">']);
  expect(text).not.toMatch(/https?:|\sstyle=|\son\w+=/);
  const [, style] = /<style>(.*?)<\/style>/s.exec(text) ?? [];
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = String(headers["content-security-policy"]).split("; ");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`style-src 'sha256-${hash}'`);
  expect(policy.join()).not.toMatch(/unsafe|\*|http/);
  expect((await ask("/live.js")).headers["content-type"]).toMatch(/javascript/);
});

it("answers only who asks for this machine, and only for what there is", async () => {
  for (const host of ["evil.example", `127.0.0.1.evil.example:${port}`, "localhost.evil:80"])
    expect((await ask("/", { host })).status, host).toBe(403);
  for (const host of ["localhost:9000", "127.0.0.1", "[::1]:80", "LOCALHOST"])
    expect((await ask("/", { host })).status, host).toBe(200);
  expect((await ask("/metrics.jsonl")).status).toBe(404);
  expect((await ask("/../../etc/passwd")).status).toBe(404);
  expect((await ask("/constructor")).status).toBe(404);
  expect((await ask("/", { method: "POST" })).status).toBe(405);
});

/** Reads events until one fits. */
async function follow(fits: (event: string) => boolean, then: () => void = () => {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/events`);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const events = text.split("\n\n");
    text = events.pop() as string;
    const found = events.find(fits);
    if (found !== undefined) return found;
    then();
  }
  throw new Error("the stream ended before");
}

const dataOf = (event: string) =>
  JSON.parse(event.slice(event.indexOf("data: ") + 6)) as {
    readonly sections: readonly string[];
    readonly contents: Readonly<Record<string, string>>;
    readonly state: string;
  };

it("sends all sections at first, and those that changed when steps are added", async () => {
  const first = dataOf(await follow(() => true));
  expect(first.sections).toEqual(["result", "curves", "settings"]);
  expect(Object.keys(first.contents)).toEqual(first.sections);
  expect(first.state).toBe("nothing trains now");
  let added = false;
  const next = await follow(
    (event) => event.includes("3 of 30"),
    () => void (added ||= (void appendFile(join(run, "metrics.jsonl"), line(3)), true)),
  );
  expect(Object.keys(dataOf(next).contents)).toEqual(["result", "curves"]);
});

it("takes the next port when one is taken, and says when there is none", async () => {
  const other = createWatch({ runs: openRuns([run]), now: Date.now, tell: () => {} });
  expect(await listen(other.server, [port])).toBeUndefined();
  const open = await listen(other.server, [port, 0]);
  expect(open).toBeGreaterThan(0);
  expect(open).not.toBe(port);
  expect(other.server.address()).toMatchObject({ address: "127.0.0.1" });
  await other.close();
});

it("tells its pages when it ends, and ends while they are open", async () => {
  const other = createWatch({ runs: openRuns([run]), every: 20, now: Date.now, tell: () => {} });
  const open = await listen(other.server, [0]);
  const response = await fetch(`http://127.0.0.1:${open}/events`);
  const text = response.text();
  await other.close();
  expect(await text).toMatch(/event: end\ndata: \n\n$/);
});
