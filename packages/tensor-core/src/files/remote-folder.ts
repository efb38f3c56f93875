// A model at an address: a file, or a folder whose files are asked for by their usual names, since a host gives no list. Layouts of
// hubs, plain folders, and folders of ours.
import { fileIn, namesFile, parseAddress, placesOfFile, placesOfFolder, shownAddress } from "./address.ts";
import { checkpointDamage, isCheckpointManifest } from "./checkpoint-files.ts";
import { FileError } from "./error.ts";
import type { FoundModel } from "./listed-folder.ts";
import { checkpointFolders, checkpointWeights, descriptionNames, manifestName, usualWeights } from "./model-files.ts";
import { readWhole, type FileSource } from "./source.ts";
import { downloadFile, type ProbeOptions } from "./url.ts";
import { decodeUtf8 } from "../safetensors/utf8.ts";

/** Downloads a file that has to have a digest, if one is given. */
export type Download = (address: string, options: DownloadOptions) => Promise<FileSource>;

type DownloadOptions = Pick<ProbeOptions, "sha256" | "noPage" | "maxBytes">;

/** Of files that describe a model: the index of a million tensors takes as much. */
const maxDescription = 50_000_000;

/** How files are fetched: what is said with the requests is the caller's. */
export function downloader(options: (address: string) => Omit<ProbeOptions, "sha256" | "noPage">): Download {
  return (address, more) => {
    const own = options(address);
    const least = Math.min(own.maxBytes ?? Infinity, more.maxBytes ?? Infinity);
    return downloadFile(address, { ...own, ...more, ...(least < Infinity && { maxBytes: least }) });
  };
}

/**
 * The files of a model at an address. What is not there (404, or a page in its place) may be missing; any other refusal is told.
 *
 * @param sha256 of its file of weights
 * @throws FileError "Missing" where nothing is found, "Download" with status and address, as `openUrl`
 */
export async function modelAtAddress(address: string, download: Download, sha256?: string): Promise<FoundModel> {
  const digest = sha256 === undefined ? {} : { sha256 };
  const refused: FileError[] = [];
  const first = async <Value>(places: readonly string[], look: (place: string) => Promise<Value | undefined>) => {
    for (const place of places) {
      try {
        const value = await look(place);
        if (value !== undefined) return value;
      } catch (error) {
        // Another layout may be the right one: a host may forbid what is not there.
        if (!(error instanceof FileError && (error.code === "Download" || isMissingFile(error)))) throw error;
        refused.push(error);
      }
    }
    return undefined;
  };
  const folder = parseAddress(address).path.endsWith("/");
  const isFile = namesFile(address);
  if (isFile || !folder) {
    const options = { ...digest, noPage: !isFile };
    const file = await first(isFile ? placesOfFile(address) : [address], (one) => download(one, options));
    if (file) return { sources: [file], name: file.name, skipped: [] };
  }
  const found = isFile
    ? undefined
    : await first(placesOfFolder(address), (place) => modelIn({ address, place, download, digest }));
  if (found) return found;
  const told = refused.find(({ code }) => code === "Download") ?? (isFile ? refused.at(-1) : undefined);
  throw told ? withWayOut(told) : nothingAt(address);
}

// What an index promises and a host lacks is another matter than a file that is only looked for.
function isMissingFile({ code, message }: FileError): boolean {
  return code === "Missing" && message.startsWith("[openUrl]");
}

type Place = {
  readonly address: string;
  readonly place: string;
  readonly download: Download;
  readonly digest: Pick<ProbeOptions, "sha256">;
};

async function modelIn(where: Place): Promise<FoundModel | undefined> {
  const { place } = where;
  const manifest = await probe(where, manifestName);
  if (manifest && (await isCheckpointManifest(manifest))) return checkpointIn(where, manifest);
  const descriptions: FileSource[] = [];
  for (const name of descriptionNames) {
    const file = await probe(where, name);
    if (file) descriptions.push(file);
  }
  const name = shownAddress(place).replace(/\/$/, "");
  for (const names of usualWeights) {
    const files = await weightsIn(where, names);
    if (files.length > 0) return { sources: [...descriptions, ...files], name, skipped: [] };
  }
  return runIn(where);
}

async function weightsIn(where: Place, names: readonly string[]): Promise<readonly FileSource[]> {
  const [name] = names;
  if (name.endsWith(".index.json")) {
    const index = await probe(where, name);
    return index ? [index, ...(await shardsOf(where, index))] : [];
  }
  const files: FileSource[] = [];
  for (const one of names) {
    const file = await probe(where, one, names.length === 1 ? where.digest : {});
    if (file) files.push(file);
  }
  return files;
}

// What the index promises must be there: a missing shard is told with its address.
async function shardsOf(where: Place, index: FileSource): Promise<readonly FileSource[]> {
  const { place } = where;
  const { weight_map: map } = (await readJson(index)) as { readonly weight_map?: unknown };
  const names = typeof map === "object" && map !== null ? Object.values(map) : [];
  const shards: FileSource[] = [];
  for (const name of new Set(names)) {
    if (typeof name !== "string") continue; // who opens the index says so
    if (/(^|[\\/])\.\.?([\\/]|$)/.test(name)) {
      throw new FileError(
        "Format",
        `[openSources] expected names of files in ${index.name}, got ${JSON.stringify(name)}`,
      );
    }
    const shard = await probe(where, name);
    if (!shard) {
      const missing = shownAddress(place) + name;
      throw new FileError("Missing", `[openSources] expected all files of ${index.name}, got them without ${missing}`);
    }
    shards.push(shard);
  }
  return shards;
}

async function checkpointIn(where: Place, manifest: FileSource): Promise<FoundModel> {
  const weights: FileSource[] = [];
  for (const [i, file] of checkpointWeights.entries()) {
    const found = await probe(where, file, i === 0 ? where.digest : {});
    if (found) weights.push(found);
  }
  const name = shownAddress(where.place).replace(/\/$/, "");
  const reason = await checkpointDamage({ manifest, weights, manifestHash: await probe(where, "manifest.sha256") });
  if (reason !== undefined) {
    throw new FileError("Checksum", `[openSources] expected a good checkpoint, got a damaged one: ${name}: ${reason}`);
  }
  return { sources: [manifest, ...weights], name, skipped: [] };
}

// A finished run says in its summary which checkpoint is its last; one that looked at other images has its best at a fixed place.
async function runIn(where: Place): Promise<FoundModel | undefined> {
  const summary = await probe(where, "summary.json");
  if (!summary) return undefined;
  const { step } = (await readJson(summary)) as { readonly step?: unknown };
  if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 0) return undefined;
  for (const folder of checkpointFolders(step)) {
    const place = where.place + folder;
    const manifest = await probe({ ...where, place }, manifestName);
    if (manifest && (await isCheckpointManifest(manifest))) return checkpointIn({ ...where, place }, manifest);
  }
  return undefined;
}

async function probe(
  { address, place, download }: Place,
  name: string,
  options: Pick<ProbeOptions, "sha256"> = {},
): Promise<FileSource | undefined> {
  try {
    const bound = /\.(json|sha256)$/.test(name) && { maxBytes: maxDescription };
    const file = await download(fileIn(place, name, address), { ...options, ...bound, noPage: true });
    return { ...file, name: shownAddress(place) + name };
  } catch (error) {
    if (error instanceof FileError && error.code === "Missing") return undefined;
    throw error;
  }
}

async function readJson(source: FileSource): Promise<object> {
  try {
    const value: unknown = JSON.parse(decodeUtf8(await readWhole(source)) ?? "");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function withWayOut(error: FileError): FileError {
  if (!/got 40[13]\b/.test(error.message)) return error;
  const way = "where it takes a token, give one: `token`, or HF_TOKEN to the command for huggingface.co";
  return new FileError(error.code, `${error.message}; ${way}`, { cause: error });
}

function nothingAt(address: string): FileError {
  const names = [...descriptionNames, manifestName, ...usualWeights.flat()].join(", ");
  const places = placesOfFolder(address).map(shownAddress).join(" and ");
  return new FileError(
    "Missing",
    `[openSources] expected the files of a model at ${shownAddress(address)}, got none of ${names} below ${places}`,
  );
}
