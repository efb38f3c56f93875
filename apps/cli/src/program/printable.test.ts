// What is printed of text that somebody else wrote.
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Host, Output } from "./host.ts";
import { printable, printableJson, printableLine } from "./printable.ts";
import { createTerminal } from "./terminal.ts";

it("shows what would move the cursor, and cuts what would fill the terminal", () => {
  expect(printable("cat\u001b[2J\n")).toBe("cat\\u001b[2J\\u000a");
  expect(printable("é日".repeat(500))).toBe("é日".repeat(500));
  expect(printable("x".repeat(1_000_000))).toBe(`${"x".repeat(1000)}… (1000000 characters)`);
});

const hostile = [
  "\u001b[31m",
  "\u009b2J",
  "\u0007",
  "\r",
  "\n",
  "\u007f",
  "\u202e",
  "\u2066",
  "\u2069",
  "\u200e",
  "\u200f",
  "\u061c",
].concat([
  "\u200b",
  "\u200d",
  "\u2060",
  "\ufeff",
  "\u00ad",
  "\u2028",
  "\u2029",
  "\ud800",
  "\udfff",
  "\u{e0041}",
  "\u0000",
  "\u0085",
]);

it.each(hostile)("shows %j in a line, and leaves JSON its value", (text) => {
  const shown = printableLine(`a${text}b`);
  expect(shown).toMatch(/^a(\\u[\da-f]{4}|\\u\{e0041\})(\[31m|2J)?b$/);
  const json = printableJson({ [text]: `a${text}b` });
  expect(json).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(json)).toEqual({ [text]: `a${text}b` });
});

it("leaves the writing of all people as it is", () => {
  for (const text of ["naïve café", "日本語", "שלום עולם", "مرحبا \u0600", "👍🏽 x̂", "a\\b"])
    expect(printableLine(text)).toBe(text);
});

describe("a terminal", () => {
  const lines = (json: boolean, env: Record<string, string> = {}, tty = false) => {
    const texts = { stdout: "", stderr: "" };
    const stream = (name: "stdout" | "stderr"): Output =>
      Object.assign(new Writable({ write: (chunk: Buffer, _, done) => ((texts[name] += chunk.toString()), done()) }), {
        isTTY: tty,
        columns: 200,
      });
    const host = {
      stdout: stream("stdout"),
      stderr: stream("stderr"),
      env,
      now: () => 0,
      elapsed: () => 0,
    } as unknown as Host;
    return { terminal: createTerminal(host, { json }), texts };
  };
  const text = "x\u001b[2Jy\nz\u202e http://me:s3cret@h/a?s3cret";

  it("makes every kind of line printable, and keeps its own colors", () => {
    const { terminal, texts } = lines(false, { FORCE_COLOR: "1" });
    terminal.info(text);
    terminal.info([text, "second"]);
    terminal.info({ text, styled: text, style: "bold" });
    terminal.warn(text);
    terminal.error(text);
    terminal.result(text);
    terminal.data({ text });
    terminal.progress({ label: text, total: 1, unit: "images" }).update(1, text);
    const all = texts.stdout + texts.stderr;
    expect(all).not.toMatch(/s3cret|\u202e|\u001b\[2J/);
    expect(texts.stderr.trimEnd().split("\n")).toHaveLength(7);
    expect(texts.stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(texts.stderr).toContain("\u001b[33mwarning:\u001b[39m x\\u001b[2Jy\\u000az\\u202e http://h/a?…");
    expect(texts.stderr).toContain("\u001b[1mx\\u001b[2J");
  });

  it("of a bar, too, whose label is no pattern", () => {
    const { terminal, texts } = lines(false, {}, true);
    const bar = terminal.progress({ label: `{value} ${text}`, total: 2, unit: "images" });
    bar.update(1, text);
    bar.stop();
    expect(texts.stderr).toContain("{value} x\\u001b[2Jy");
    expect(texts.stderr).not.toMatch(/s3cret|\u202e|\u001b\[2Jy/);
  });

  it("writes events that programs read as they were, without secrets", () => {
    const { terminal, texts } = lines(true);
    terminal.event("e", { text, name: "a\u202eb" });
    expect(JSON.parse(texts.stdout)).toEqual({
      event: "e",
      text: "x\u001b[2Jy\nz\u202e http://h/a?…",
      name: "a\u202eb",
    });
    expect(texts.stdout).not.toContain("\u202e");
  });
});
