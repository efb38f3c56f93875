// One request for a file: its answer in time, or an error that says why there is none, in words without secrets. In Node redirects
// are followed here, as a hub says the digest of a file in the first answer and not in the last.
import { originOf, requestOf, shownAddress, withoutSecrets } from "./address.ts";
import { within } from "./deadline.ts";
import { FileError, type FileErrorCode } from "./error.ts";
import type { AbortSignalLike } from "./hash-source.ts";
import { nodeProcess } from "../host.ts";

/** The part of `Response` that is used here. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(reason?: unknown): Promise<void>;
    };
  } | null;
}

/** The part of `RequestInit` that is used here. */
export interface RequestLike {
  readonly signal?: AbortSignalLike | null | undefined;
  /** Values by name. */
  readonly headers?: object | undefined;
  /** "manual", in Node. */
  readonly redirect?: string | undefined;
}

export type RequestOptions = {
  readonly signal?: AbortSignalLike | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly connectTimeout: number;
  /** Of files that may not be there: a page in place of a file, as some hosts answer instead of 404, is none. */
  readonly noPage?: boolean | undefined;
  fetch?(url: string, init?: RequestLike): Promise<ResponseLike>;
};

/** Where a transfer stopped, and what says that the file is still the same. */
export type Resume = { readonly loaded: number; readonly etag: string | null; readonly modified: string | null };

export type Answer = {
  readonly response: ResponseLike;
  /** SHA-256 of the file, where a hub says it. */
  readonly sha256: string | undefined;
  /** Ends what is still on its way. */
  stop(): void;
};

/** An error after which the same request may go well. */
export class TransientError extends FileError {
  /** How long the host asks to wait, in milliseconds. */
  readonly wait: number;

  constructor(code: FileErrorCode, message: string, { cause, wait = 0 }: { cause?: unknown; wait?: number } = {}) {
    super(code, message, { cause });
    this.wait = wait;
  }
}

type Fetch = NonNullable<RequestOptions["fetch"]>;
type Controller = { readonly signal: AbortSignalLike; abort(reason?: unknown): void };
type Listening = AbortSignalLike & {
  addEventListener?(name: "abort", listener: () => void, options: { signal: AbortSignalLike }): void;
};
declare const fetch: Fetch;
declare const AbortController: new () => Controller;
declare const URL: new (address: string, base: string) => { readonly href: string };

const mostRedirects = 10;
const longestWait = 10_000;
const longestStatus = 200;
const tryAgain = [408, 429, 502, 503, 504];
// Of Node: what a network does for a while. A refused connection or an unknown name is told at once.
const passing = /^(ECONNRESET|ETIMEDOUT|EPIPE|EAI_AGAIN|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT))$/;

/** @throws FileError "Missing" or "Download"; TransientError where it may be tried again; the signal's reason */
export async function request(address: string, options: RequestOptions, resume?: Resume): Promise<Answer> {
  const { signal, connectTimeout } = options;
  const shown = shownAddress(address);
  throwIfAborted(signal);
  const controller = new AbortController();
  const done = new AbortController();
  const listening = signal as Listening | undefined;
  listening?.addEventListener?.("abort", () => controller.abort(listening.reason), { signal: done.signal });
  const late = (): Error => {
    controller.abort();
    return new TransientError(
      "Download",
      `[openUrl] expected an answer from ${shown} within ${connectTimeout} ms, got none`,
    );
  };
  try {
    const asked = send(address, { ...options, signal: controller.signal }, headersOf(options, resume));
    const { response, sha256 } = await within(asked, connectTimeout, late);
    await refuse(shown, response, { noPage: options.noPage === true, resumed: resume !== undefined });
    return { response, sha256, stop: () => (done.abort(), controller.abort()) };
  } catch (error) {
    done.abort();
    throwIfAborted(signal);
    throw error instanceof FileError ? error : unanswered(address, options.headers, error);
  }
}

/** @throws its reason, where it was aborted */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}

function headersOf({ headers }: RequestOptions, resume: Resume | undefined): Record<string, string> {
  const same = resume && (resume.etag?.startsWith("W/") === false ? resume.etag : resume.modified);
  return {
    // What is not compressed can be gone on with. Browsers say it themselves, and let nobody else: another host would have to allow it.
    ...(nodeProcess() !== undefined && { "accept-encoding": "identity" }),
    ...(resume && { range: `bytes=${resume.loaded}-` }),
    ...(resume && same && nodeProcess() !== undefined && { "if-range": same }),
    ...headers,
  };
}

async function send(
  first: string,
  { signal, fetch: given }: RequestOptions,
  headers: Record<string, string>,
): Promise<Pick<Answer, "response" | "sha256">> {
  const load = given ?? fetch;
  let sha256: string | undefined;
  let address = first;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const { url, authorization } = requestOf(address);
    const own = { ...(authorization !== undefined && { authorization }), ...headers };
    // A secret is for the host that it was given to.
    if (originOf(address) !== originOf(first)) for (const name of ["authorization", "cookie"]) deleteHeader(own, name);
    const init = { signal, ...(Object.keys(own).length > 0 && { headers: own }) };
    const byHand = nodeProcess() !== undefined && /^https?:/i.test(url);
    let response = await load(url, byHand ? { ...init, redirect: "manual" } : init);
    // As browsers answer, also those that come with Node.
    if (response.status === 0 && !response.ok) response = await load(url, init);
    sha256 ??= digestIn(response.headers.get("x-linked-etag"));
    const next = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
    if (next === null) return { response, sha256 };
    await response.body?.getReader().cancel();
    address = new URL(next, url).href;
    if (!/^https?:/i.test(address)) throw new Error("a redirect to another protocol");
  }
  throw new Error(`more than ${mostRedirects} redirects`);
}

function deleteHeader(headers: Record<string, string>, name: string): void {
  for (const key of Object.keys(headers)) if (key.toLowerCase() === name) delete headers[key];
}

function digestIn(etag: string | null): string | undefined {
  return /^"?([\da-f]{64})"?$/i.exec(etag ?? "")?.[1].toLowerCase();
}

async function refuse(
  shown: string,
  response: ResponseLike,
  { noPage, resumed }: { readonly noPage: boolean; readonly resumed: boolean },
): Promise<void> {
  const { ok, status, statusText, headers } = response;
  const page = noPage && /^(text\/html|application\/xhtml)/i.test(headers.get("content-type") ?? "");
  // What was there has become shorter: it is another file now.
  if ((ok && !page) || (resumed && status === 416)) return;
  await response.body?.getReader().cancel();
  const got = ok ? "a web page" : `${status} ${statusText.slice(0, longestStatus)}`.trim();
  const message = `[openUrl] expected status 200 from ${shown}, got ${got}`;
  if (tryAgain.includes(status))
    throw new TransientError("Download", message, { wait: waitOf(headers.get("retry-after")) });
  throw new FileError(ok || status === 404 || status === 410 ? "Missing" : "Download", message);
}

function waitOf(seconds: string | null): number {
  return Math.min(longestWait, 1000 * (Number(seconds ?? 0) || 0));
}

function unanswered(address: string, headers: RequestOptions["headers"], cause: unknown): FileError {
  const { url } = requestOf(address);
  const shown = shownAddress(address);
  const words = inWords(cause);
  let got = withoutSecrets(words.replaceAll(url, () => shown));
  // A header that cannot be sent is told with its value, which may be a token.
  for (const value of Object.values(headers ?? {})) if (value.length > 3) got = got.replaceAll(value, () => "…");
  const message = `[openUrl] expected an answer from ${shown}, got ${got}`;
  const safe = got === words ? cause : new Error(got);
  const again = chainOf(cause).some(({ code }) => typeof code === "string" && passing.test(code));
  return again
    ? new TransientError("Download", message, { cause: safe })
    : new FileError("Download", message, { cause: safe });
}

type Reason = {
  readonly message?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
};

function chainOf(error: unknown, depth = 0): Reason[] {
  if (typeof error !== "object" || error === null || depth > 4) return [];
  const { cause, errors } = error as Reason;
  const below = cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  return [error, ...chainOf(below, depth + 1)];
}

/** What fetch says of itself is "fetch failed"; the reason stands below. */
export function inWords(error: unknown): string {
  const [, ...below] = chainOf(error);
  const reasons = below.map((one) => one.message || (typeof one.code === "string" ? one.code : ""));
  return [String(error), ...reasons.filter((reason) => reason !== "")].join(": ");
}
