// What a failed call of the file system was about.

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(String((error as { readonly code?: unknown } | undefined)?.code));
}
