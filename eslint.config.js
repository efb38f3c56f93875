// Lint rules of the house, without type information so that a run takes seconds. Walls between packages and folders are
// not here but in tools/check-layers.ts, which sees the whole import graph.
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const sources = ["packages/*/src/**/*.ts", "apps/*/src/**/*.{ts,tsx}", "examples/*/src/**/*.ts", "tools/**/*.ts"];
const tests = ["**/*.test.ts", "**/*.cases.ts", "**/*.bench.ts"];

const noEnums = {
  selector: "TSEnumDeclaration",
  message: "Use a union of string literals or an object with `as const`.",
};
const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name, so that one thing has one name everywhere.",
};

// What a command writes goes through whole-file.ts, or with checkpoints through checkpoint-files.ts.
const writers = "/^(writeFile|appendFile|createWriteStream|rename|copyFile|cp|link|symlink|truncate|toFile)(Sync)?$/";
const wholeFiles = "Write files by writeWholeFile or createWholeFile: a killed process must leave none half done.";
const noHalfFiles = [
  { selector: `MemberExpression[object.name=/^(files|fs|sharp)$/][property.name=${writers}]`, message: wholeFiles },
  { selector: `CallExpression[callee.property.name="toFile"]`, message: wholeFiles },
  {
    selector: `ImportDeclaration[source.value=/^(node:)?fs/] ImportSpecifier[imported.name=${writers}]`,
    message: wholeFiles,
  },
  {
    selector: `CallExpression[callee.property.name=/^open(Sync)?$/] > Literal[value=/^(w|a|r.*[+])/]`,
    message: wholeFiles,
  },
];

const durationsByTheClock = {
  selector:
    "BinaryExpression[operator='-'] > CallExpression:matches([callee.name='now'], [callee.property.name='now']:not([callee.object.name='performance']))",
  message: "Somebody may set that clock: a duration is a difference of host.elapsed() or performance.now().",
};

export default defineConfig(
  // AssemblyScript has TypeScript's syntax but other semantics, and `==`, casts and globals of its own.
  globalIgnores([
    "**/dist/",
    "**/generated/",
    "**/assembly/",
    "apps/cli/data/",
    "runs/",
    "docs-site/",
    "bench-results/",
    "**/.turbo/",
  ]),
  tseslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/no-explicit-any": "error",
      // A `declare namespace` describes a global that no library file of ours has.
      "@typescript-eslint/no-namespace": ["error", { allowDeclarations: true }],
      // The compiler reports these too; here an underscore marks what a signature forces on us.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-restricted-syntax": ["error", noEnums, noDefaultExport, durationsByTheClock],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  {
    files: sources,
    rules: { "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }] },
  },
  // A table of cases may be long, and a test may run text that a tool generated.
  { files: tests, rules: { "max-lines": "off", "no-new-func": "off" } },
  {
    files: ["packages/*/src/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-globals": [
        "error",
        { name: "event", message: "Name the parameter." },
        { name: "name", message: "Name the parameter." },
        { name: "alert", message: "Libraries do not talk to the user." },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Pass an Rng." },
        { object: "Date", property: "now", message: "Pass the time." },
      ],
    },
  },
  {
    files: ["apps/cli/src/**/*.ts", "packages/*/src/**/*.ts"],
    ignores: [
      ...tests,
      "**/testing/**",
      "packages/trainers/src/node/{whole-file,checkpoint-files}.ts",
      // Appended to line by line; they begin as whole files.
      "packages/trainers/src/node/{json-lines,event-file}.ts",
      // Made and taken by links alone, so that it is one process's.
      "packages/trainers/src/node/run-lock*.ts",
    ],
    rules: { "no-restricted-syntax": ["error", noEnums, noDefaultExport, durationsByTheClock, ...noHalfFiles] },
  },
  // Tools and their runners ask for a default export.
  {
    files: ["*.config.{js,ts}", "apps/*/*.config.{js,ts}", "tools/count-reporter.ts"],
    rules: { "no-restricted-syntax": ["error", noEnums] },
  },
);
