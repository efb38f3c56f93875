// Words that strangers choose: for names of files, classes and tensors, and as recipes.
import { recipes } from "../../packages/trainers/src/index.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { pick } from "../fuzz/bytes.ts";

const bits: readonly string[] = [
  ...["\u001b[2J", "\u001b]0;title\u0007", "\u009b31m", "\r", "\n", "\t", "\b\b\b", "\u0000", "\u007f"],
  ...["\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u{e0041}", "\ud83d", "e\u0301\u0302\u0303"],
  ...["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\uff1d1", '"', "'", ",", ";", "|", "`id`", "$(id)", "%n%s"],
  ...[
    "<script>alert(1)<",
    "&lt;",
    "]]>",
    "{{7*7}}",
    "__proto__",
    "constructor",
    "toString",
    "..",
    "~",
    "*",
    "?",
    "#",
    "%2e",
  ],
  ...[
    "-",
    "--help",
    "--out=x",
    "con",
    "nul",
    "\\",
    "\\\\host",
    "null",
    "NaN",
    "true",
    "0",
    "1e999",
    " ",
    "\u00e9",
    "\u4e2d",
    "a",
  ],
];

/** A name that a file can have: no slash, no zero, at most 200 bytes, and no dot in front, which hides it. */
export function hostileName(rng: Rng): string {
  const parts = Array.from({ length: 1 + rng.integer(5) }, () => pick(bits, rng));
  const name = parts.join(pick(["", "", " ", "."], rng)).replaceAll(/[/\0]/g, "");
  const short = Buffer.from(name).subarray(0, 200).toString().replaceAll("\ufffd", "");
  return short === "" || short.startsWith(".") ? `x${short}` : short;
}

/** YAML or JSON that is no recipe, or hardly. */
export function hostileRecipe(rng: Rng): string {
  const known = Object.values(recipes).map((recipe) => JSON.stringify(recipe, null, 1));
  const depth = 1 + rng.integer(20_000);
  const keys = 1 + rng.integer(4000);
  const makers: readonly (() => string)[] = [
    () => pick(known, rng),
    () => pick(known, rng).replace(/\d+/, pick(["-1", "1e999", "1e15", ".nan", "null", "[]", "0", "'8'", "2.5"], rng)),
    () => pick(known, rng).replace(/"\w+":/, `${JSON.stringify(hostileName(rng))}:`),
    () => "[".repeat(depth),
    () => "a: ".repeat(depth),
    () => `${"- ".repeat(depth)}1`,
    () => Array.from({ length: keys }, (_, i) => `k${i}: ${i}`).join("\n"),
    () => Array.from({ length: keys }, () => "same: 1").join("\n"),
    () =>
      [
        "a: &a [1, 1]",
        ...Array.from(
          { length: 40 },
          (_, i) =>
            `b${i}: &b${i} [${Array(9)
              .fill(`*${i === 0 ? "a" : `b${i - 1}`}`)
              .join()}]`,
        ),
      ].join("\n"),
    () => `__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\n`,
    () => `!!js/function 'function () { return 1 }'`,
    () => `stage: ${JSON.stringify(hostileName(rng))}`,
    () => hostileName(rng),
    () => "",
    () => "\u0000\u0001\ufffe",
    () => "x".repeat(1 + rng.integer(200_000)),
    () => `&a {a: *a}`,
    () => `? {a: ${"[".repeat(50)}${"]".repeat(50)}}\n: 1`,
  ];
  return pick(makers, rng)();
}

/** For --set: a path and a value, or something like it. */
export function hostileSetting(rng: Rng): string {
  const paths = [
    "epochs",
    "batchSize",
    "model",
    "model.width",
    "model.depth",
    "model.length",
    "adamW.beta1",
    "learningRate.peak",
  ].concat([
    "views.scale.0",
    "views.scale.length",
    "__proto__.x",
    "constructor.prototype.x",
    "a.b.c",
    "",
    ".",
    "model..width",
    "stage",
  ]);
  const values = [
    "0",
    "-1",
    "1e999",
    "1e15",
    ".nan",
    "null",
    "[]",
    "{}",
    "'8'",
    "true",
    "&a [*a]",
    "!!js/undefined 1",
    "[[[[",
    "1",
    "8",
  ];
  const path = rng.integer(6) === 0 ? hostileName(rng) : pick(paths, rng);
  const value = rng.integer(6) === 0 ? hostileName(rng) : pick(values, rng);
  return `${path}${pick(["=", "=", "=", "", "=="], rng)}${value}`;
}
