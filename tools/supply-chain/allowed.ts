// What the check of the supply chain lets pass, each with its reason. An entry that nothing needs any longer fails the check.

/** Packages that run a program of theirs when they are installed. */
export const installScripts: Readonly<Record<string, string>> = {
  webgpu:
    "lifts the quarantine of macOS from the library in its package; elsewhere it does nothing, and it loads nothing from anywhere",
};

/** Advisories that do not concern what we do, by their GHSA number. */
export const acceptedAdvisories: Readonly<Record<string, string>> = {};
