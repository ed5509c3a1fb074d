/** @file Files that a user picks or drops: what counts is the folder that holds the model, wherever it lies in them. */

export interface PickedFiles {
  /** Of the folder, or of the only file. */
  readonly name: string;
  /** Files of that folder, with their names in it. */
  readonly files: readonly { readonly name: string; readonly file: File }[];
}

/** A file with its path below what was picked. */
interface PathFile {
  readonly path: string;
  readonly file: File;
}

/** Most files that are looked at: someone may drop a whole disk. */
const MAX_FILES = 5000;
const WEIGHTS = /\.(safetensors|gguf)$/i;

/** The topmost folder with weights in it, else the topmost one at all; null where nothing was picked. */
export function modelFolder(picked: readonly PathFile[]): PickedFiles | null {
  const folderOf = (path: string) => path.split('/').slice(0, -1).join('/');
  const depth = (path: string) => path.split('/').length;
  const sorted = picked.toSorted((a, b) => depth(a.path) - depth(b.path));
  const first = sorted.find(({ path }) => WEIGHTS.test(path)) ?? sorted[0];
  if (!first) return null;
  const folder = folderOf(first.path);
  const files = picked
    .filter(({ path }) => folderOf(path) === folder)
    .map(({ path, file }) => ({ name: path.split('/').at(-1)!, file }));
  return { name: folder.split('/').at(-1) || first.file.name, files };
}

/** Of an input element; webkitRelativePath is empty where files rather than a folder were picked. */
export function fromInput(list: FileList | null): PathFile[] {
  return [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Of a drop: folders are walked through. Must be called while the event is handled. */
export async function fromDrop(transfer: DataTransfer): Promise<PathFile[]> {
  const found: PathFile[] = [];
  // The items are gone once the event is over: take all entries before the first await.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: PathFile[]): Promise<void> {
  if (found.length >= MAX_FILES) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return;
    for (const child of batch) await walk(child, found);
  }
}
