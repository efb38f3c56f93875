// Files from a drop or a paste; folders are walked through.

/** The files of a drop, those in dropped folders included. */
export async function droppedFiles(data: DataTransfer | null): Promise<File[]> {
  if (!data) return [];
  // Entries must be taken before the first await: the browser forgets a drop after that.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...data.files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

/** Those that say they are images, and those that say nothing. */
export function keepImages(files: readonly File[]): File[] {
  return files.filter(({ type, name }) => type.startsWith("image/") || (type === "" && !name.startsWith(".")));
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  // A reader gives a part of a folder at a time, and nothing at its end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    found.push(...(await Promise.all(part.map(filesOf))).flat());
  }
}
