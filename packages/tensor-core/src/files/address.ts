// Addresses of files and of model folders: what may be said of one, and where the files of a folder lie on a host that cannot
// be asked for a list. Plain text: an address may also be relative to a page.

import { encodeUtf8 } from "../safetensors/utf8.ts";

export type Address = {
  /** Without credentials, query and fragment. */
  readonly path: string;
  /** With its question mark; empty where there is none. It goes to every file of a folder, and into no message. */
  readonly query: string;
  /** `user:password` as it stands in the address, percent-encoded. */
  readonly credentials: string | undefined;
};

const form = /^([a-z][a-z\d+.-]*:\/\/)(?:([^/?#]*)@)?([^?#]*)(\?[^#]*)?/i;
const fileName = /\.(safetensors|bin|pth|pt|pkl|ckpt|json)$/i;
// In prose, up to a space, a quote or a bracket.
const inText = /\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>`]+/gi;

export function parseAddress(address: string): Address {
  const [, scheme, credentials, rest, query = ""] = form.exec(address) ?? [];
  if (scheme !== undefined) return { path: scheme + rest, query, credentials };
  const [, path, own = ""] = /^([^?#]*)(\?[^#]*)?/.exec(address) as RegExpExecArray;
  return { path, query: own, credentials: undefined };
}

/**
 * An address as messages and records may have it: secrets stand in credentials, in queries and in fragments. This is the one place
 * that knows what may be told of one.
 */
export function shownAddress(address: string): string {
  if (/^data:/i.test(address)) return "data:…";
  const { path, query } = parseAddress(withoutOddPassword(address));
  return query === "" ? path : `${path}?…`;
}

/** Text with every address in it as it may be told: what others say of one, such as `fetch`, may hold all of it. */
export function withoutSecrets(text: string): string {
  return text.includes("://") ? text.replace(inText, shownAddress) : text;
}

// A password with a bare "/", "?" or "#" ends what a browser takes for the host in its middle, and leaves a port that is none.
function withoutOddPassword(address: string): string {
  const [, scheme, host, rest] = /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(address) ?? [];
  if (host === undefined || host.includes("@") || /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.test(host)) return address;
  return scheme + (rest.includes("@") ? rest.slice(rest.lastIndexOf("@") + 1) : "…");
}

/** What is given to `fetch`, which takes no credentials in an address, and the header that says them. */
export function requestOf(address: string): { readonly url: string; readonly authorization: string | undefined } {
  const { path, query, credentials } = parseAddress(address);
  if (credentials === undefined) return { url: address, authorization: undefined };
  return { url: path + query, authorization: `Basic ${btoa(decodeBytes(credentials))}` };
}

// Every host has it; packages compile without the types of any.
declare const btoa: (bytes: string) => string;

// RFC 7617 in UTF-8, as its bytes stand in the address.
function decodeBytes(credentials: string): string {
  const bytes = encodeUtf8(credentials);
  return String.fromCharCode(...bytes).replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** Scheme, host and port; undefined for what has none. */
export function originOf(address: string): string | undefined {
  return /^https?:\/\/[^/]*/i.exec(parseAddress(address).path)?.[0].toLowerCase();
}

/** Whether an address is that of a file, by its name. */
export function namesFile(address: string): boolean {
  return fileName.test(parseAddress(address).path);
}

/** Where a file may lie: a hub's page of a file (`/blob/main/…`) is no file, its `/resolve/main/…` is. */
export function placesOfFile(address: string): readonly string[] {
  const file = address.replace(/^(https?:\/\/[^/?#]+\/[^?#]+?)\/blob\/(?=[^/?#]+\/)/i, "$1/resolve/");
  return file === address ? [address] : [file, address];
}

/**
 * Where the files of a folder may lie, each ending with a slash: below the address, and below `/resolve/<revision>`, as hubs have it
 * (Hugging Face and those that copy its layout); `owner/name` alone looks more like a hub.
 */
export function placesOfFolder(address: string): readonly string[] {
  const path = parseAddress(address).path.replace(/\/+$/, "");
  const page = /^(https?:\/\/[^/]+\/.+?)\/(?:tree|blob)\/(.+)$/i.exec(path);
  if (page) return [`${page[1]}/resolve/${page[2]}/`, `${path}/`];
  if (/\/resolve\/[^/]/.test(path)) return [`${path}/`];
  const repository = /^https?:\/\/[^/]+\/[^/]+\/[^/]+$/i.test(path) && !parseAddress(address).path.endsWith("/");
  const places = [`${path}/`, `${path}/resolve/main/`];
  return repository ? places.reverse() : places;
}

/** The address of a file in one of these places, with what the folder's address has beside its path. */
export function fileIn(place: string, name: string, address: string): string {
  const { query, credentials } = parseAddress(address);
  const path = place + name.split("/").map(encodeURIComponent).join("/");
  return (credentials === undefined ? path : path.replace("://", `://${credentials}@`)) + query;
}
