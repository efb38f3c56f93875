// What may be told of an address.
import { expect, it } from "vitest";
import { isAddress, shownAddress, withoutSecrets } from "./address.ts";

it.each([
  ["https://user:s3cret@host/a?token=s3cret#s3cret", "https://host/a?…"],
  ["HTTPS://s3cret@host/a#s3cret", "HTTPS://host/a"],
  ["https://user:s3/cr#e?t@host/a", "https://host/a"],
  ["https://user:s3cret", "https://…"],
  ["https://user:p@s3cret@[::1]:80/a?s3cret", "https://[::1]:80/a?…"],
  ["s3://key:s3cret@bucket/a?X=s3cret", "s3://bucket/a?…"],
  ["models/a.pth?sig=s3cret", "models/a.pth?…"],
  ["data:text/plain,s3cret", "data:…"],
  ["https://cdn.example/npm/pkg@1.0/a", "https://cdn.example/npm/pkg@1.0/a"],
  ["https://host:8080/a", "https://host:8080/a"],
])("%s is told as %s", (address, shown) => {
  expect(shownAddress(address)).toBe(shown);
});

it("of every address in a text", () => {
  expect(withoutSecrets('from "https://me:s3cret@a/b?c=s3cret", then <ftp://x:s3cret@y>: no')).toBe(
    'from "https://a/b?…", then <ftp://y>: no',
  );
  expect(withoutSecrets("a path, a: b // c?d")).toBe("a path, a: b // c?d");
});

it("is one in any case", () => {
  expect([isAddress("HTTP://host"), isAddress("Https://host"), isAddress("C:\\a")]).toEqual([true, true, false]);
});
