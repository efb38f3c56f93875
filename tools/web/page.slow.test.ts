// The web app as a visitor has it: the static build in a real browser, every panel, on one thread and on all, and offline.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  beitVariants,
  gridOf,
  initBeit,
  openBeit,
  parameterCount,
  saveBeit,
  saveOfficialBeit,
  type Beit,
} from "@beitjs/beit-encoder";
import { dvaeVariants, initTokenizer, saveTokenizer } from "@beitjs/dvae-tokenizer";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { bestCheckpoint, loadCheckpoint } from "@beitjs/trainers/node";
import type { BeitConfig } from "@beitjs/beit-encoder";
import axe from "axe-core";
import { unzipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";
import { launchChromium, visit } from "../browser/chromium.ts";
import { serveFolder, type StaticServer } from "../browser/serve.ts";

// Of the page, inside functions that run there.
declare const navigator: { readonly serviceWorker: { readonly ready: Promise<unknown> } };
declare const document: { readonly documentElement: { readonly scrollWidth: number } };
declare const DataTransfer: new () => { readonly items: { add(file: File): void } };
declare function dispatchEvent(event: Event): boolean;
declare const ClipboardEvent: new (type: string, options: { clipboardData: unknown }) => Event;

const app = fileURLToPath(new URL("../../apps/web/", import.meta.url));
const dist = join(app, "dist");
const screenshots = join(app, "screenshots");
const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const sample = join(app, "samples", "coffee.jpg");
const panelNames = ["Tokens", "Mask", "Imagine", "Attention", "Train", "Your weights"];
const timeout = 120_000;

/** A tokenizer of 16 x 24 pixels and an encoder of 32 x 48, both with 4 x 6 cells. */
async function wideModels(): Promise<readonly (readonly ["tokenizer" | "encoder", Uint8Array])[]> {
  const backend = createReferenceBackend();
  const strided = { ...dvaeVariants["beit-customized"], vocabSize: 32, codebookWidth: 8, hidden: 8, layers: 2 };
  const tokenizer = initTokenizer({ ...strided, imageSize: [16, 24] }, createRng(1), backend);
  const sizes = { imageSize: [32, 48], patchSize: 8, width: 24, depth: 2, heads: 2, vocabSize: 32 } as const;
  const beit = initBeit({ ...beitVariants.tiny, ...sizes }, createRng(2), backend);
  return [
    ["tokenizer", await saveTokenizer(tokenizer)],
    ["encoder", await saveBeit(beit)],
  ];
}

/** The page's own encoder. */
async function smallBeit(): Promise<Beit> {
  const bytes = readFileSync(join(app, "models", "small-beit.safetensors"));
  return (await openBeit(bytesSource(bytes), createReferenceBackend())).beit;
}

describe("the static build", () => {
  const files = (): string[] =>
    readdirSync(dist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  it("takes at most 3 MB, models and samples included", () => {
    expect(existsSync(join(dist, "index.html"))).toBe(true);
    expect(files().reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(3e6);
  });

  it("asks no other host for anything", () => {
    for (const file of files().filter((name) => /\.(html|css)$/.test(name))) {
      expect(readFileSync(file, "utf8")).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|url\((?:https?:)?\/\//);
    }
  });

  it("leaves all tensors to the workers", () => {
    const page = files().filter((name) => /index-[^/]*\.js$/.test(name));
    expect(page).toHaveLength(1);
    // How any wasm module begins, in base64.
    expect(readFileSync(page[0], "utf8")).not.toContain("AGFzbQ");
  });
});

describe.skipIf(!hasSoftwareGpu)("in Chromium", () => {
  let browser: Browser;
  let isolated: StaticServer;
  let plain: StaticServer;
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    [browser, isolated, plain] = await Promise.all([
      launchChromium(),
      serveFolder(dist, { isolated: true }),
      serveFolder(dist, { isolated: false }),
    ]);
  }, timeout);
  afterAll(async () => {
    await browser.close();
    await Promise.all([isolated.close(), plain.close()]);
  });

  const panel = (page: Page, name: string) => page.getByRole("tab", { name }).click();
  const keep = (page: Page, name: string) =>
    page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });

  it("shows tokens of an image, and each entry of the codebook", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, isolated.url);
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    const error = Number(/off by ([\d.]+) of 255/.exec(await page.locator("main").innerText())?.[1]);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(30);
    const grid = page.getByRole("application", { name: /^Visual tokens/ });
    await grid.hover({ position: { x: 50, y: 50 } });
    await page.getByRole("img", { name: /^Token \d+ decoded alone$/ }).waitFor();
    await grid.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.locator(".patches [aria-live]").innerText()).toMatch(/^Row 2, column 1: token \d+/);
    await page.getByLabel("Numbers").check();
    await keep(page, "tokens");
    expect(problems).toEqual([]);
    await context.close();
  });

  it("takes an image that is dropped, and says what is wrong with what is none", { timeout }, async () => {
    const { context, page } = await visit(browser, isolated.url);
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    const before = await page.locator("main").innerText();
    await drop(page, [{ name: "coffee.jpg", type: "image/jpeg", bytes: readFileSync(sample) }]);
    await expect.poll(() => page.locator("main").innerText()).not.toBe(before);
    const dropped = await page.locator("main").innerText();
    await paste(page, {
      name: "rocket.jpg",
      type: "image/jpeg",
      bytes: readFileSync(join(app, "samples", "rocket.jpg")),
    });
    await expect.poll(() => page.locator("main").innerText()).not.toBe(dropped);
    await drop(page, [{ name: "notes.txt", type: "text/plain", bytes: Buffer.from("no image") }]);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("This is not an image that your browser can read (notes.txt");
    await keep(page, "not-an-image");
    await alert.getByRole("button").click();
    // The page goes on with the image it had.
    await page.getByRole("button", { name: "Sample: Rocket" }).click();
    await expect.poll(() => page.locator("main").innerText()).toMatch(/PSNR/);
    expect(await page.getByRole("alert").count()).toBe(0);
    await context.close();
  });

  it(
    "takes the colors that a file holds, under alpha and with a profile, which it applies when asked",
    { timeout },
    async () => {
      const { context, page, problems } = await visit(browser, isolated.url);
      await page.getByRole("img", { name: "Reconstruction" }).waitFor();
      const side = 112;
      const colors = Uint8Array.from({ length: side * side * 4 }, (_, i) => {
        const [x, y] = [(i >> 2) % side, Math.floor((i >> 2) / side)];
        return [x * 2, 255 - y * 2, (x * y) % 256, y < side / 2 ? 0 : x * 2][i % 4];
      });
      const rgba = sharp(colors, { raw: { width: side, height: side, channels: 4 } });
      const opaque = rgba.clone().removeAlpha();
      const seen = async (name: string, bytes: Buffer): Promise<string> => {
        const before = await pictureOf(page);
        await drop(page, [{ name, type: "image/png", bytes }]);
        await expect.poll(() => pictureOf(page)).not.toBe(before);
        return pictureOf(page);
      };
      const plainly = await seen("opaque.png", await opaque.clone().png().toBuffer());
      await seen("other.png", await opaque.clone().negate().png().toBuffer());
      expect(await seen("alpha.png", await rgba.png().toBuffer())).toBe(plainly);
      const profiled = await opaque.clone().withIccProfile("p3").png().toBuffer();
      const stored = await sharp(profiled, { ignoreIcc: true }).png().toBuffer();
      const ofStored = await seen("stored.png", stored);
      expect(ofStored).not.toBe(plainly);
      await seen("other.png", await opaque.clone().negate().png().toBuffer());
      expect(await seen("profile.png", profiled)).toBe(ofStored);
      await page.getByLabel("Apply color profiles").check();
      await expect.poll(() => pictureOf(page)).not.toBe(ofStored);
      expect(problems).toEqual([]);
      await context.close();
    },
  );

  it("draws masks of every kind, block by block and by hand", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#mask`);
    const grid = page.getByRole("application", { name: /^Mask over the image/ });
    await grid.waitFor();
    const hidden = async () => Number(/(\d+) of 196 patches hidden/.exec(await page.locator("main").innerText())?.[1]);
    expect(await hidden()).toBeLessThanOrEqual(75);
    for (const kind of ["Blockwise, exact", "Uniform", "Spans"]) {
      const options = page.getByLabel("Kind").locator("option");
      const value = await options.filter({ hasText: kind }).getAttribute("value");
      await page.getByLabel("Kind").selectOption(value);
      await page.getByLabel("Patches to hide").fill("100");
      await expect.poll(hidden).toBe(100);
    }
    await page.getByLabel("Kind").selectOption("official");
    await page.getByRole("button", { name: "Block by block" }).click();
    await expect.poll(hidden).toBeLessThan(40);
    await expect.poll(hidden, { timeout: 20_000 }).toBeGreaterThan(80);
    await page.getByRole("button", { name: "Hide nothing" }).click();
    await expect.poll(hidden).toBe(0);
    await grid.click({ position: { x: 20, y: 20 } });
    await expect.poll(hidden).toBe(1);
    await page.getByLabel("Patches to hide").fill("75");
    await keep(page, "mask");
    expect(problems).toEqual([]);
    await context.close();
  });

  it("fills what is hidden, far better than by chance", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#imagine`);
    await page.getByText("First guess is right").waitFor();
    const loss = Number(/Loss\s+([\d.]+)/.exec(await page.locator("main dl").innerText())?.[1]);
    expect(loss).toBeLessThan(Math.log(1024));
    await page.getByRole("application", { name: /^Masked image/ }).hover({ position: { x: 200, y: 130 } });
    await page.getByRole("table").waitFor();
    await keep(page, "imagine");
    expect(problems).toEqual([]);
    await context.close();
  });

  it("shows where a patch looks", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#attention`);
    await page.getByRole("img", { name: /^Head 1 of layer 4/ }).waitFor();
    await page.getByRole("application", { name: /^The image/ }).click({ position: { x: 60, y: 60 } });
    await page.getByLabel("All layers").check();
    await page.getByRole("img", { name: /^Head 3 of layer 1/ }).waitFor();
    await keep(page, "attention");
    await page.getByLabel("Mean over the heads").check();
    await page.getByRole("img", { name: /^Mean of layer 2/ }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  it("takes weights from files and addresses, and says what is wrong with others", { timeout }, async () => {
    const { context, page } = await visit(browser, `${isolated.url}#weights`);
    await page.getByText("small tokenizer").waitFor();
    const files = page.getByLabel("Files of weights");
    await files.setInputFiles(join(app, "models", "small-beit.safetensors"));
    await page.getByText("The encoder is in use now.").waitFor();
    expect(await page.locator("main").innerText()).toMatch(/small-beit\.safetensors: SHA-256 [0-9a-f]{64}/);
    await files.setInputFiles({ name: "model.pth", mimeType: "", buffer: Buffer.from("<html>not found</html>") });
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/HTML/i);
    const name = readdirSync(join(dist, "assets")).find((file) => /^small-[^b].*safetensors$/.test(file)) as string;
    await page.getByLabel("Address").fill(`${isolated.url}assets/${name}`);
    await page.getByRole("button", { name: "Load" }).click();
    await page.getByText("The tokenizer is in use now.").waitFor();
    await page.getByText("Kept from addresses").waitFor();
    await page.getByLabel("Address").fill(`${isolated.url}nothing-here.safetensors`);
    await page.getByRole("button", { name: "Load" }).click();
    await expect.poll(() => alert.innerText()).toContain("404");
    await keep(page, "weights");
    await page.getByRole("button", { name: "Back to the shipped models" }).click();
    await page.getByText("small BEiT").waitFor();
    await context.close();
  });

  it("takes the files of the originals, and works with what they are", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#weights`);
    await page.getByText("small tokenizer").waitFor();
    const files = page.getByLabel("Files of weights");
    const dallE = join(golden, "dvae/dall-e");
    await files.setInputFiles([join(dallE, "decoder.pkl"), join(dallE, "encoder.pkl")]);
    await page.getByText("The tokenizer is in use now.").waitFor();
    expect(await page.locator("main").innerText()).toContain("(dall-e)");
    expect(await page.locator("main").innerText()).toContain("They do not fit each other");
    await panel(page, "Tokens");
    await page.getByText("the tokenizer sees 112 x 112 pixels of it").waitFor();
    await panel(page, "Imagine");
    await page.getByText("Choose others under “Your weights”").waitFor();
    await panel(page, "Your weights");
    const huggingFace = join(golden, "transformers/pretraining-shared");
    await files.setInputFiles([join(huggingFace, "model.safetensors"), join(huggingFace, "config.json")]);
    await page.getByText("The encoder is in use now.").waitFor();
    expect(await page.locator("main").innerText()).toContain("(hugging-face)");
    await panel(page, "Attention");
    await page.getByRole("img", { name: /^Head 1 of layer/ }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  it("takes a model's folder, by its address or dropped, and a run's newest good checkpoint", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#weights`);
    await page.getByText("small tokenizer").waitFor();
    const main = () => page.locator("main").innerText();
    const huggingFace = join(golden, "transformers/pretraining-shared");
    const host = await serveFolder(golden, { isolated: false });
    try {
      await page.getByLabel("Address").fill(`${host.url}transformers/pretraining-shared`);
      await page.getByRole("button", { name: "Load" }).click();
      await page.getByText("The encoder is in use now.").waitFor();
      expect(await main()).toContain("config.json, model.safetensors (hugging-face)");
      // Kept weights go with what was kept beside them.
      await page.getByRole("button", { name: "Back to the shipped models" }).click();
      await page.getByText("small BEiT").waitFor();
      await page
        .getByRole("listitem")
        .filter({ hasText: "model.safetensors" })
        .getByRole("button", { name: "Use" })
        .click();
      await page.getByText("The encoder is in use now.").waitFor();
      expect(await main()).toContain("config.json, model.safetensors (hugging-face)");
    } finally {
      await host.close();
    }
    await page.getByRole("button", { name: "Back to the shipped models" }).click();
    await page.getByText("small BEiT").waitFor();
    const own = ["config.json", "model.safetensors"].map(
      (name) => [`my/${name}`, readFileSync(join(huggingFace, name))] as const,
    );
    const other = ["README.md", "onnx/config.json"].map((name) => [`my/${name}`, Buffer.from("{}")] as const);
    await dropFolder(page, [...own, ...other]);
    await page.getByText("The encoder is in use now.").waitFor();
    expect(await main()).toContain("config.json, model.safetensors (hugging-face)");
    const [[, weights]] = await wideModels();
    const digest = createHash("sha256").update(weights).digest("hex");
    const manifest = (bytes: number) =>
      Buffer.from(
        JSON.stringify({
          ...{ format: "beitjs-checkpoint", version: 1 },
          files: { "model.safetensors": { bytes, sha256: digest } },
        }),
      );
    await dropFolder(page, [
      ["run/checkpoints/step-000001/manifest.json", manifest(weights.length)],
      ["run/checkpoints/step-000001/model.safetensors", Buffer.from(weights)],
      ["run/checkpoints/step-000002/manifest.json", manifest(7)],
      ["run/checkpoints/step-000002/model.safetensors", Buffer.from("cut off")],
    ]);
    await page.getByText("The tokenizer is in use now.").waitFor();
    expect(await main()).toContain("a damaged checkpoint was passed over: run/checkpoints/step-000002");
    expect(await main()).toContain("16 x 24 pixels, 4 x 6 patches");
    // What a folder does not have is asked for, and not there.
    expect(problems.filter((problem) => !problem.includes("404"))).toEqual([]);
    await context.close();
  });

  it("scales images as files say, and as the visitor chooses where they do not", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#weights`);
    await page.getByText("small tokenizer").waitFor();
    const scaling = page.getByLabel("Images are scaled by");
    const lossWith = async (choice?: string) => {
      if (choice !== undefined) await scaling.selectOption({ label: choice });
      await panel(page, "Imagine");
      const loss = await page.locator("dl.facts div", { hasText: "Loss" }).locator("dd").innerText();
      await panel(page, "Your weights");
      return loss;
    };
    const shipped = await lossWith();
    // Its files say it, so there is nothing to choose.
    await page.getByText("a mean and std of 0.5 (the files say so)").waitFor();
    expect(await scaling.count()).toBe(0);
    await page.getByLabel("Files of weights").setInputFiles({
      name: "weights.safetensors",
      mimeType: "",
      buffer: Buffer.from(await saveOfficialBeit(await smallBeit())),
    });
    await page.getByText("Images are scaled by a mean and std of 0.5 (a guess: the files do not say)").waitFor();
    expect(await lossWith()).toBe(shipped);
    expect(await lossWith("ImageNet's mean and std")).not.toBe(shipped);
    await page.getByText("ImageNet's mean and std (as chosen)").waitFor();
    expect(await lossWith("a mean and std of 0.5")).toBe(shipped);
    await page.getByRole("button", { name: "Back to the shipped models" }).click();
    await page.getByText("small BEiT").waitFor();
    expect(await lossWith()).toBe(shipped);
    expect(problems).toEqual([]);
    await context.close();
  });

  it("works on rectangles, in all panels", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#weights`);
    await page.getByText("small tokenizer").waitFor();
    const files = page.getByLabel("Files of weights");
    const main = () => page.locator("main").innerText();
    for (const [name, bytes] of await wideModels()) {
      await files.setInputFiles({ name: `${name}.safetensors`, mimeType: "", buffer: Buffer.from(bytes) });
      await page.getByText(`The ${name} is in use now.`).waitFor();
    }
    expect(await main()).toContain("16 x 24 pixels, 4 x 6 patches");
    expect(await main()).toContain("32 x 48 pixels, 4 x 6 patches");
    await panel(page, "Tokens");
    await page.getByText("the tokenizer sees 16 x 24 pixels of it").waitFor();
    const grid = page.getByRole("application", { name: /^Visual tokens/ });
    const box = await grid.boundingBox();
    expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(1.5, 1);
    await grid.focus();
    const said = () => page.locator(".patches [aria-live]").innerText();
    for (const key of ["Home", "End", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"])
      await page.keyboard.press(key);
    await expect.poll(said).toMatch(/^Row 4, column 6: token \d+/);
    await panel(page, "Imagine");
    await page.getByText("First guess is right").waitFor();
    await panel(page, "Attention");
    await page.getByRole("img", { name: /^Head 2 of layer 2/ }).waitFor();
    await panel(page, "Mask");
    await page.getByText(/of 24 patches hidden/).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  it("says so when nothing comes from an address", { timeout }, async () => {
    const { context, page } = await visit(browser, `${isolated.url}#weights`);
    await page.getByText("small tokenizer").waitFor();
    await page.getByLabel("Address").fill("http://127.0.0.1:9/nothing.safetensors");
    await page.getByRole("button", { name: "Load" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").innerText()).toContain("Nothing came from that address");
    await panel(page, "Tokens");
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    await context.close();
  });

  it("trains, is closed, goes on, and gives a checkpoint that Node opens", { timeout: 300_000 }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}#train`);
    // More than there is time for here: a run that is done can neither be paused nor go on.
    await page.getByLabel("Steps of 8 images").fill("4000");
    await page.getByRole("button", { name: "Train on the four samples" }).click();
    await page.getByText(/saved at step \d+/).waitFor({ timeout: 100_000 });
    // It goes on while another panel is looked at, and no other tab may train it meanwhile.
    await panel(page, "Mask");
    const other = await context.newPage();
    await other.goto(`${isolated.url}#train`);
    await other.getByRole("button", { name: "Go on" }).click();
    await other.getByRole("alert").waitFor();
    expect(await other.getByRole("alert").innerText()).toContain("Another tab of this page is training");
    await other.close();
    await panel(page, "Train");
    await expect.poll(() => stepOf(page), { timeout: 200_000, interval: 500 }).toBeGreaterThan(120);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    const paused = await stepOf(page);
    expect(await lossOf(page)).toBeLessThan(4);
    await expectHeldOut(page, { facts: /Held out\s+1 of 4, drawn once, looked at every 100 epochs/, every: 100 });
    await keep(page, "train");
    await page.emulateMedia({ colorScheme: "dark" });
    const before = await heldOutOf(page);

    await page.reload();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    expect(await stepOf(page)).toBe(paused);
    expect(await heldOutOf(page)).toBe(before);
    await keep(page, "train-dark");
    await page.getByRole("button", { name: "Go on" }).click();
    await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(paused);
    // Closed in the middle: what was saved last is there.
    await page.close();
    const again = await context.newPage();
    await again.goto(`${isolated.url}#train`);
    await again.getByRole("button", { name: "Go on" }).waitFor();
    expect(await stepOf(again)).toBeGreaterThanOrEqual(paused);

    const [download] = await Promise.all([
      again.waitForEvent("download"),
      again.getByRole("button", { name: "Download the checkpoint" }).click(),
    ]);
    const folder = await mkdtemp(join(tmpdir(), "beitjs-web-run-"));
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await download.path())))) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    const { manifest, tensors } = await loadCheckpoint(join(folder, "beit-run"));
    expect(manifest.step).toBe(await stepOf(again));
    const config = manifest.model as BeitConfig;
    expect(gridOf(config)).toEqual({ rows: 14, cols: 14 });
    expect([...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(
      parameterCount(config),
    );
    expect(existsSync(join(folder, "tokenizer.safetensors"))).toBe(true);
    const best = await bestCheckpoint(join(folder, "beit-run"));
    const said = await heldOutOf(again);
    const step = /the best, [\d.]+, at step (\d+)\.$/.exec(said) ?? /at step (\d+).*the best so far\.$/.exec(said);
    expect(best?.step).toBe(Number(step?.[1]));
    expect((await loadCheckpoint(best!.path)).manifest.validation?.best?.step).toBe(best?.step);
    await rm(folder, { recursive: true });
    expect(problems).toEqual([]);
    await context.close();
  });

  it("trains on a folder, leaves out what is no image, and starts anew after Discard", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, plain.url + "#train");
    const folder = await mkdtemp(join(tmpdir(), "beitjs-web-images-"));
    for (const name of ["coffee", "rocket"])
      await copyFile(join(app, "samples", `${name}.jpg`), join(folder, `${name}.jpg`));
    await writeFile(join(folder, "broken.jpg"), "no image");
    await writeFile(join(folder, "notes.txt"), "no image either");
    await page.getByLabel("A folder of images to train on").setInputFiles(folder);
    await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(3);
    expect(await page.locator("main").innerText()).toMatch(/Images\s+2\b/);
    expect(await page.locator("main").innerText()).toContain("Left out, no images: broken.jpg");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Discard" }).click();
    await page.getByText("No run yet.").waitFor();
    await page.reload();
    await page.getByText("No run yet.").waitFor();
    await rm(folder, { recursive: true });
    expect(problems).toEqual([]);
    await context.close();
  });

  it("holds out the images of a folder val, and leaves those of test alone", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, plain.url + "#train");
    const folder = await mkdtemp(join(tmpdir(), "beitjs-web-splits-"));
    const placed = { train: ["coffee", "rocket", "astronaut"], val: ["chelsea"], test: ["coffee"] };
    for (const [split, names] of Object.entries(placed)) {
      await mkdir(join(folder, split));
      for (const name of names) await copyFile(join(app, "samples", `${name}.jpg`), join(folder, split, `${name}.jpg`));
    }
    await page.getByLabel("Steps of 8 images").fill("100");
    await page.getByLabel("A folder of images to train on").setInputFiles(folder);
    await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(6);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Discard" }).waitFor();
    await expectHeldOut(page, { facts: /Held out\s+1 of the folder val, looked at every 3 epochs/, every: 3 });
    expect(await page.locator("main").innerText()).toMatch(/Images\s+4\b/);
    expect(await page.locator("main").innerText()).toContain(
      "Left out, the folder test, which nothing is learned from: coffee.jpg",
    );
    await page.getByRole("button", { name: "Discard" }).click();
    await page.getByText("No run yet.").waitFor();
    await rm(join(folder, "val"), { recursive: true });
    await rm(join(folder, "train", "coffee.jpg"));
    await rm(join(folder, "train", "rocket.jpg"));
    await page.getByLabel("A folder of images to train on").setInputFiles(join(folder, "train"));
    await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(1);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await page.locator("main").innerText()).toMatch(/Held out\s+none: it takes 2 images to hold one out/);
    expect(await page.getByRole("img", { name: /^Loss by step: training: [\d.]+ at step \d+$/ }).count()).toBe(1);
    await rm(folder, { recursive: true });
    expect(problems).toEqual([]);
    await context.close();
  });

  it("trains on the colors that a file holds, and applies a profile when asked", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, plain.url + "#train");
    const folder = await mkdtemp(join(tmpdir(), "beitjs-web-profiles-"));
    const side = 160;
    const colors = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 7 + (i >> 9) * 13) % 256);
    const raw = sharp(colors, { raw: { width: side, height: side, channels: 3 } });
    const profiled = await raw.withIccProfile("p3").png().toBuffer();
    const stored = await sharp(profiled, { ignoreIcc: true }).png().toBuffer();
    const originalOf = async (name: string, bytes: Buffer): Promise<string> => {
      const images = join(folder, name);
      await mkdir(images);
      await writeFile(join(images, "image.png"), bytes);
      await page.getByText("No run yet.").waitFor();
      await page.getByLabel("A folder of images to train on").setInputFiles(images);
      const original = page.getByRole("img", { name: "Original" });
      await original.waitFor();
      const drawn = await original.evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
      await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(0);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "Discard" }).click();
      return drawn;
    };
    const plainly = await originalOf("stored", stored);
    expect(await originalOf("ignored", profiled)).toBe(plainly);
    await page.getByLabel("Apply color profiles").check();
    expect(await originalOf("applied", profiled)).not.toBe(plainly);
    await rm(folder, { recursive: true });
    expect(problems).toEqual([]);
    await context.close();
  });

  it("trains on WebGPU where there is an adapter", { timeout: 300_000 }, async () => {
    const { context, page, problems } = await visit(browser, `${isolated.url}?software-gpu#train`);
    await page.getByLabel("Steps of 8 images").fill("100");
    await page.getByLabel("Width").fill("32");
    await page.getByLabel("Depth").fill("1");
    await page.getByRole("button", { name: "Train on the four samples" }).click();
    await expect.poll(() => stepOf(page), { timeout: 200_000, interval: 500 }).toBeGreaterThan(0);
    expect(await page.locator("main").innerText()).toMatch(/webgpu, .*SwiftShader/i);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor({ timeout: 60_000 });
    expect(problems).toEqual([]);
    await context.close();
  });

  it("works without isolation, on one thread, and says how to get more", { timeout }, async () => {
    const { context, page, problems } = await visit(browser, plain.url);
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    expect(await page.locator("header").innerText()).toContain("one thread");
    expect(await page.locator("header").innerText()).toContain("Cross-Origin-Opener-Policy: same-origin");
    expect(problems).toEqual([]);
    await context.close();
  });

  it("works offline after the first visit", { timeout }, async () => {
    const server = await serveFolder(dist, { isolated: true });
    const { context, page, problems } = await visit(browser, server.url);
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await server.close();
    await page.reload();
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    await page.getByRole("button", { name: "Sample: Astronaut" }).click();
    await panel(page, "Attention");
    await page.getByRole("img", { name: /^Head 1 of layer 4/ }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  it.each(["light", "dark"] as const)(
    "has nothing that axe objects to, in the %s",
    { timeout },
    async (colorScheme) => {
      const { context, page } = await visit(browser, isolated.url, { colorScheme });
      await page.getByRole("img", { name: "Reconstruction" }).waitFor();
      await page.evaluate(axe.source);
      for (const name of panelNames) {
        await panel(page, name);
        await page.locator("main p.lead:visible").waitFor();
        const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
        );
        expect(found, name).toEqual([]);
      }
      await context.close();
    },
  );

  it("fits a small screen, in the dark", { timeout }, async () => {
    const viewport = { width: 375, height: 740 };
    const { context, page } = await visit(browser, isolated.url, { viewport, colorScheme: "dark", hasTouch: true });
    await page.getByRole("img", { name: "Reconstruction" }).waitFor();
    for (const name of panelNames) {
      await panel(page, name);
      await page.locator("main p.lead:visible").waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    }
    await panel(page, "Imagine");
    await page.getByText("First guess is right").waitFor();
    await keep(page, "imagine-small-dark");
    await context.close();
  });
});

/** What the page shows as the image, as a picture of its own. */
function pictureOf(page: Page): Promise<string> {
  return page
    .getByRole("img", { name: "The image" })
    .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
}

type Dropped = { readonly name: string; readonly type: string; readonly bytes: Buffer };

async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  await page.dispatchEvent("main", "drop", { dataTransfer: await transferOf(page, files) });
}

// A browser makes entries of a folder for a real drop alone: these are as it makes them.
async function dropFolder(page: Page, files: readonly (readonly [path: string, bytes: Buffer])[]): Promise<void> {
  const given = files.map(([path, bytes]) => ({ path, base64: bytes.toString("base64") }));
  await page.getByText("Drop them or their folder here").evaluate((element: EventTarget, all: typeof given) => {
    const fileEntry = (fullPath: string, base64: string) => ({
      ...{ isFile: true, fullPath },
      file: (done: (file: File) => void) =>
        done(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], fullPath.split("/").at(-1)!)),
    });
    const folderEntry = (fullPath: string): object => {
      const below = all.filter(({ path }) => `/${path}`.startsWith(`${fullPath}/`));
      const names = new Set(below.map(({ path }) => path.slice(fullPath.length).split("/")[0]));
      const children = [...names].map((name) => {
        const own = below.find(({ path }) => `/${path}` === `${fullPath}/${name}`);
        return own ? fileEntry(`/${own.path}`, own.base64) : folderEntry(`${fullPath}/${name}`);
      });
      const reader = () => ({ readEntries: (done: (part: object[]) => void) => done(children.splice(0)) });
      return { isFile: false, fullPath, createReader: reader };
    };
    const items = [{ webkitGetAsEntry: () => folderEntry(`/${all[0].path.split("/")[0]}`) }];
    const event = new Event("drop", { bubbles: true, cancelable: true });
    element.dispatchEvent(Object.defineProperty(event, "dataTransfer", { value: { items, files: [] } }));
  }, given);
}

async function paste(page: Page, file: Dropped): Promise<void> {
  const clipboardData = await transferOf(page, [file]);
  await page.evaluate((data) => dispatchEvent(new ClipboardEvent("paste", { clipboardData: data })), clipboardData);
}

function transferOf(page: Page, files: readonly Dropped[]) {
  const data = files.map(({ name, type, bytes }) => ({ name, type, base64: bytes.toString("base64") }));
  return page.evaluateHandle((given) => {
    const made = new DataTransfer();
    for (const { name, type, base64 } of given) {
      made.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type }));
    }
    return made;
  }, data);
}

async function stepOf(page: Page): Promise<number> {
  return Number(/Step (\d+) of/.exec(await page.getByRole("status").last().innerText())?.[1] ?? 0);
}

/** What the page says of held-out images, beside the curves. */
function heldOutOf(page: Page): Promise<string> {
  return page.getByText(/^Held out at step/).innerText();
}

// Two lines with a legend, and in words what they say.
async function expectHeldOut(page: Page, { facts, every }: { facts: RegExp; every: number }): Promise<void> {
  expect(await page.locator("main").innerText()).toMatch(facts);
  const [, step, loss, accuracy] =
    /^Held out at step (\d+): loss ([\d.]+), ([\d.]+ %) right; the best/.exec(await heldOutOf(page)) ?? [];
  expect(Number(step) % every).toBe(0);
  expect(Number(step)).toBeGreaterThan((await stepOf(page)) - every);
  const label = async (name: string) => page.getByRole("img", { name }).getAttribute("aria-label");
  expect(await label("Loss by step")).toMatch(/^Loss by step: training: [\d.]+ at step \d+; held out: /);
  // Charts are drawn after the words.
  await expect.poll(() => label("Loss by step")).toContain(`held out: ${Number(loss).toFixed(2)} at step ${step}`);
  await expect
    .poll(() => label("Hidden patches predicted right by step"))
    .toContain(`held out: ${accuracy} at step ${step}`);
  for (const legend of await page.locator(".u-legend").all())
    expect(await legend.innerText()).toMatch(/training[^]*held out/);
  expect(await page.locator(".u-legend").count()).toBe(2);
}

async function lossOf(page: Page): Promise<number> {
  return Number(/loss ([\d.]+)/.exec(await page.getByRole("status").last().innerText())?.[1]);
}
