// Files from a drop or a paste; folders are walked through.
import type { PlacedFile } from "../messages.ts";

/** The files of a drop, those in dropped folders included. */
export async function droppedFiles(data: DataTransfer | null): Promise<File[]> {
  return (await placedFiles(data)).map(({ file }) => file);
}

/** The same with their places. */
export async function placedFiles(data: DataTransfer | null): Promise<PlacedFile[]> {
  if (!data) return [];
  // Entries must be taken before the first await: the browser forgets a drop after that.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...data.files].map(placed);
  return (await Promise.all(entries.map(filesOf))).flat();
}

/** Files that were chosen, of which only those of a whole folder know their places. */
export function placed(file: File): PlacedFile {
  return { path: file.webkitRelativePath || file.name, file };
}

/** Those that say they are images, and those that say nothing. */
export function keepImages(files: readonly PlacedFile[]): PlacedFile[] {
  return files.filter(
    ({ file: { type, name } }) => type.startsWith("image/") || (type === "" && !name.startsWith(".")),
  );
}

async function filesOf(entry: FileSystemEntry): Promise<PlacedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\/+/, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: PlacedFile[] = [];
  // A reader gives a part of a folder at a time, and nothing at its end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    found.push(...(await Promise.all(part.map(filesOf))).flat());
  }
}
