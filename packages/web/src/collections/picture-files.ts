/** The files of a folder or a drop, as far as they are pictures, and how many others there were. */
export interface PictureFiles {
  readonly pictures: readonly File[];
  readonly others: number;
}

/** By type, or by name where the system knows no type; the server looks at the file itself. */
export function picturesAmong(files: readonly File[]): PictureFiles {
  const pictures = files.filter(
    ({ type, name }) => /^image\/(png|jpeg|webp)$/.test(type) || (type === '' && /\.(png|jpe?g|webp)$/i.test(name)),
  );
  return { pictures, others: files.length - pictures.length };
}

/** All files of a drop, those in folders too. To be called while the event is handled: afterwards the browser tells nothing of it. */
export async function filesOfDrop(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const all = await Promise.all(entries.map(filesOf));
  return all.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) {
    // What cannot be read, such as a broken link, is no picture.
    const file = await new Promise<File | undefined>((resolve) => entry.file(resolve, () => resolve(undefined)));
    return file === undefined ? [] : [file];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const files: File[] = [];
  // A reader hands out its entries in batches, and an empty one at the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (batch.length === 0) return files;
    for (const each of batch) files.push(...(await filesOf(each)));
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
