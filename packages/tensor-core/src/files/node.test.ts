// Files of a disk: ranges beyond 4 GiB of a sparse file, and every error with the path and in words.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync, openSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { openFile } from "./node.ts";

const folder = mkdtempSync(join(tmpdir(), "beitjs-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

it("reads ranges of a file of more than 4 GiB", async () => {
  const path = at("sparse.bin");
  const size = 5 * 2 ** 30 + 7;
  writeFileSync(path, "head");
  truncateSync(path, size);
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, "border", 2 ** 32 - 3);
  writeSync(descriptor, "tail", size - 4);
  closeSync(descriptor);
  const file = await openFile(path);
  const text = async (start: number, end: number) => new TextDecoder().decode(await file.read(start, end));
  expect([file.name, file.size]).toEqual([path, size]);
  expect(await text(0, 4)).toBe("head");
  expect(await text(2 ** 32 - 3, 2 ** 32 + 3)).toBe("border");
  expect(await text(size - 4, size)).toBe("tail");
  await file.close();
  await expect(file.read(0, 4)).rejects.toThrow(`[read] expected a file that can be read, got`);
});

it("reports a file that shrinks while it is open", async () => {
  const path = at("shrinks.bin");
  writeFileSync(path, new Uint8Array(100));
  const file = await openFile(path);
  truncateSync(path, 40);
  await expect(file.read(20, 80)).rejects.toMatchObject({
    code: "Read",
    message: `[read] expected 60 bytes from byte 20 of ${path}, got 20: the file changed`,
  });
  await file.close();
});

it("names the path and the reason of what cannot be opened", async () => {
  writeFileSync(at("plain"), "x");
  const refusal = "[openFile] expected a file that can be read, got";
  await expect(openFile(at("none"))).rejects.toMatchObject({
    code: "Missing",
    message: `${refusal} no such file: ${at("none")}`,
  });
  await expect(openFile(at("plain/below"))).rejects.toMatchObject({
    code: "Missing",
    message: `${refusal} a path through something that is no directory: ${at("plain/below")}`,
  });
  await expect(openFile(folder)).rejects.toMatchObject({
    code: "Read",
    message: `[openFile] expected a file, got a directory: ${folder}`,
  });
});

it.skipIf(process.platform === "win32")("refuses a pipe instead of waiting for somebody to write to it", async () => {
  const pipe = at("pipe.pth");
  execFileSync("mkfifo", [pipe]);
  await expect(openFile(pipe)).rejects.toMatchObject({
    code: "Read",
    message: `[openFile] expected a file, got no regular file: ${pipe}`,
  });
});

it("says so where the system forbids it", async () => {
  // Tests may run as root, whom nothing is forbidden.
  const stat = () => Promise.resolve({ isFile: () => true });
  const open = () => Promise.reject(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }));
  const spy = vi.spyOn(process, "getBuiltinModule").mockReturnValue({ stat, open } as never);
  await expect(openFile("secret")).rejects.toMatchObject({
    code: "Read",
    message: "[openFile] expected a file that can be read, got no permission to read it: secret",
  });
  spy.mockRestore();
});
