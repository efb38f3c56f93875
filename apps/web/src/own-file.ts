// Files that came with this page: a host that has a newer version of it may have them no longer.

/**
 * Asks for one by its address, which has a hash of its content in it.
 *
 * @throws an error that `isMissingPart` knows
 */
export async function ownFile(url: string): Promise<Response> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new Error(`[ownFile] expected ${url}, got ${error instanceof Error ? error.message : String(error)}`);
  });
  if (!response.ok) throw new Error(`[ownFile] expected ${url}, got ${response.status} ${response.statusText}`);
  return response;
}

// A worker whose file is gone fails without a message; the others are how Chromium, Firefox and Safari say it of a module.
const missing =
  /^\[ownFile\]|^\[startWorker\] .* got an error$|dynamically imported module|Importing a module script failed/;

/** Whether an error says that a file of this page did not come. */
export function isMissingPart(error: unknown): boolean {
  return error instanceof Error && missing.test(error.message);
}
