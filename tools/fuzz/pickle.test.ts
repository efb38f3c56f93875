// The short run of the fuzzer; the long one is the command in main.ts.
import { expect, it } from "vitest";
import { fieldsOf, putNested, putTogether, takeApart } from "./archive.ts";
import type { NewRecord } from "./archive.ts";
import { pickleFormat } from "./pickle.ts";
import { fuzz, outcomesOf } from "./run.ts";

it("reads 2,000 damaged checkpoints without a crash, a hang or other tensors, whole and in ranges", async () => {
  const report = await fuzz(pickleFormat(), { inputs: 2000, seed: 3 });
  expect(report.inputs).toBe(2000);
  const outcomes = outcomesOf(report);
  // Damage is found at every layer, and some mutants get far enough to be read.
  for (const code of [
    "Archive",
    "Checksum",
    "Opcode",
    "Unsupported",
    "Operand",
    "Stack",
    "Storage",
    "Truncated",
    "Format",
  ]) {
    expect(outcomes[code], code).toBeGreaterThan(3);
  }
  for (const label of ["pickle", "opcodes", "records", "legacy", "raw fields", "wide fields"]) {
    expect(report.outcomes[label]?.["accepted"], label).toBeGreaterThan(0);
  }
  expect(report.outcomes["nested"]?.["Archive"]).toBeGreaterThan(10);
  expect(report.outcomes["untouched"]).toEqual({ accepted: expect.any(Number) as number });
});

// Of a run of a million: a start of the directory in the old end record that is not the one in the new.
it("refuses an archive whose two end records do not agree", async () => {
  const bytes = putTogether([{ name: "a/data.pkl", data: Uint8Array.of(0x80, 2, 0x4e, 0x2e) }], true);
  const check = () => pickleFormat().check({ label: "fields", bytes });
  expect(await check()).toBe("accepted");
  bytes.set([0, 0, 0, 0], bytes.length - 6);
  expect(await check()).toBe("Archive");
});

it.each([false, true])("takes archives apart that it put together (zip64: %s)", (wide) => {
  const records = [
    { name: "a/data.pkl", data: Uint8Array.of(1, 2, 3) },
    { name: "a/data/0", data: new Uint8Array(0) },
  ];
  const bytes = putTogether(records, wide);
  const found = takeApart(bytes)!;
  expect(found.map(({ name, data, sound }) => ({ name, data, sound }))).toEqual(
    records.map((record) => ({ ...record, sound: true })),
  );
  expect(fieldsOf(bytes)).toHaveLength(2 * 9 + 2 * 11 + 8 + (wide ? 9 : 0));
  bytes[found[0]!.start] = 9;
  expect(takeApart(bytes)!.map(({ sound }) => sound)).toEqual([false, true]);
});

it("sees a record in another, and one whose own header has another name", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ name, data: Uint8Array.of(name.charCodeAt(0)) })) as [
    NewRecord,
    NewRecord,
    NewRecord,
  ];
  const soundOf = (bytes: Uint8Array) => takeApart(bytes)!.map(({ name, sound }) => `${name} ${sound}`);
  expect(soundOf(putNested([a, b, c], a, c))).toEqual(["a true", "c false", "b true"]);
  const renamed = putTogether([a, b], false);
  renamed[30] = 0x78;
  expect(soundOf(renamed)).toEqual(["a false", "b true"]);
});
