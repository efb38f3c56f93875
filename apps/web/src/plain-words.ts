// Errors in the words of whoever meets them. What is not known is shown as it is.

type Rule = { readonly when: RegExp; readonly say: string | ((message: string) => string) };

const rules: readonly Rule[] = [
  {
    when: /\[openImage\] expected an image/,
    say: (message) =>
      `This is not an image that your browser can read${named(message)}. JPEG, PNG, WebP and GIF work everywhere.`,
  },
  { when: /\[openImage\] expected at most/, say: "This file is too large: images of up to 100 MB work." },
  { when: /only tab that trains/, say: "Another tab of this page is training this run. Pause it there first." },
  {
    when: /out of memory|could not allocate|Array buffer allocation|WebAssembly\.Memory|memory access out of bounds|grow memory|RangeError: Invalid (?:typed )?array length/i,
    say: "Your browser has no memory left for this. Close other tabs, or take a smaller model, and try again.",
  },
  {
    when: /device (?:was |is )?lost|lost device|DeviceLost/i,
    say: "The graphics device was lost: the driver was restarted, or the computer slept. Training goes on from its last saved step: press Go on.",
  },
  {
    when: /Failed to fetch|NetworkError|Load failed|\[openUrl\] expected .* got an error|ERR_INTERNET/i,
    say: "Nothing came from that address: there is no network, the address is wrong, or its server does not let other pages read it (CORS).",
  },
  {
    when: /\[openSources\] expected the files of a model at/,
    say: "There is no model at that address: neither a file of weights, nor a folder or a repository that has one under its usual names.",
  },
  {
    when: /\[openUrl\] expected status 200 .*, got (.*)/,
    say: (message) =>
      `The server answered “${/, got ([^;]*)/.exec(message)?.[1]}”: there is no file to load at that address.`,
  },
  {
    when: /\[openUrl\] expected .* to have SHA-256/,
    say: "This is another file than the one you expect: its SHA-256 is not the one you gave. Nothing was kept.",
  },
  {
    when: /QuotaExceeded/i,
    say: "Your browser allows this page no more storage. Free some space, or discard the saved run.",
  },
  {
    when: /WebAssembly SIMD|no SIMD|SIMD/,
    say: "This browser has no WebAssembly SIMD, which the page computes with. Browsers since 2023 have it.",
  },
];

/** One or two sentences for the visitor. */
export function plainWords(error: unknown): string {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const rule = rules.find(({ when }) => when.test(message));
  if (!rule) return message.replace(/^(?:\w*Error: )?(?:\[[^\]]+\] )?/, "Sorry: ");
  return typeof rule.say === "string" ? rule.say : rule.say(message);
}

function named(message: string): string {
  const name = /got (.*)$/.exec(message)?.[1];
  return name === undefined ? "" : ` (${name})`;
}
