// What only the owner of the names and accounts can fill in before a first release: read from the files where it can be seen there,
// and said in any case where it cannot.

export type PublishedManifest = {
  readonly name: string;
  readonly repository?: string | { readonly url?: string };
  readonly bugs?: string | { readonly url?: string };
};

/** Where and how releases are made; nothing in the repository shows whether it was done. */
const outside = [
  "npm: the organization `beitjs` has to exist, so that its packages can be published under @beitjs/",
  "npm: a token that may publish, as the secret NPM_TOKEN of the repository",
  "GitHub: Settings > Actions > General > let GitHub Actions make pull requests, for the one with the next version",
  "GitHub: Settings > Code security > private vulnerability reporting, which SECURITY.md sends people to",
];

/** One sentence for each thing that is missing, the things that cannot be seen from here last. */
export function leftToOwner(manifests: readonly PublishedManifest[], securityPolicy: string): readonly string[] {
  const lacking = (has: (manifest: PublishedManifest) => unknown): string =>
    manifests
      .filter((manifest) => !has(manifest))
      .map(({ name }) => name)
      .join(", ");
  const repository = lacking(({ repository }) => urlOf(repository));
  const bugs = lacking(({ bugs }) => urlOf(bugs));
  const address = /[\w.+-]+@[\w-]+\.[\w.-]+/.test(securityPolicy);
  return [
    ...(repository ? [`package.json: \`repository\`, which provenance is checked against, of ${repository}`] : []),
    ...(bugs ? [`package.json: \`bugs\`, where users report, of ${bugs}`] : []),
    ...(address ? [] : ["SECURITY.md: an address for those who have no account on GitHub"]),
    ...outside,
  ];
}

function urlOf(field: PublishedManifest["repository"]): string | undefined {
  return typeof field === "string" ? field : field?.url;
}
