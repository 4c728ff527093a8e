// Whole files on disk, in Node and what follows its API (Deno, Bun). Writing is atomic: a reader, or whoever restarts
// after a crash, sees the old file or the new one and never a part. Node's modules are reached at run time, so that
// bundles for browsers stay free of them.
import { DeviceError, NeuriteError } from "../core/errors.ts";
import { nodeBuiltin } from "../core/runtime.ts";

/** A file that could not be read or written; `code` is the system's name for why: ENOSPC, EACCES, ENOENT, ... */
export class FileError extends NeuriteError {
  override readonly name = "FileError";
  readonly code: string;

  constructor(op: string, message: string, code: string, cause: unknown) {
    super(op, message);
    this.code = code;
    this.cause = cause;
  }
}

interface FileHandle {
  writeFile(data: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The part of `node:fs/promises` that is used here; tests pass one that fails on purpose. */
export interface FileSystem {
  open(path: string, flags: string): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  readFile(path: string): Promise<Uint8Array>;
  realpath(path: string): Promise<string>;
}

interface PathModule {
  dirname(path: string): string;
  basename(path: string): string;
  join(...parts: string[]): string;
}

interface NodeProcess {
  readonly pid: number;
  readonly platform: string;
}

async function builtin<T>(op: string, name: `node:${string}`): Promise<T> {
  const module = await nodeBuiltin<T>(name);
  if (module !== undefined) return module;
  throw new DeviceError(
    op,
    "files need Node, Deno or Bun; got another runtime. Read and write bytes instead.",
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  ENOENT: "the file or its directory does not exist",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "the path is a directory",
  EMFILE: "too many files are open",
};

function fileError(op: string, path: string, rule: string, error: unknown, hint = ""): FileError {
  const code = (error as { code?: string } | null)?.code ?? "UNKNOWN";
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  return new FileError(op, `${path}: ${rule}; got ${code} (${reason}).${hint}`, code, error);
}

/**
 * Reads a whole file.
 *
 * @throws FileError when it cannot be read.
 */
export async function readFileBytes(path: string, op = "readFileBytes"): Promise<Uint8Array> {
  const files = await builtin<FileSystem>(op, "node:fs/promises");
  try {
    const { buffer, byteOffset, byteLength } = await files.readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw fileError(op, path, "the file must be readable", error);
  }
}

let temporaryFiles = 0;

/**
 * Writes a whole file so that `path` holds either its old content or all of the new one, even when the process is
 * killed or the power fails meanwhile: the bytes go to a temporary file in the same directory, are forced to disk, and
 * take the name in one step.
 *
 * A failure removes the temporary file and leaves the old one alone. A kill may leave `<name>.<pid>-<n>.tmp` behind.
 *
 * @throws FileError naming the cause: ENOSPC for a full disk, EACCES for a directory that may not be written, ...
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  op = "writeFileAtomic",
): Promise<void> {
  const files = await builtin<FileSystem>(op, "node:fs/promises");
  await writeFileAtomicOn(files, path, bytes, op);
}

/** `writeFileAtomic` on a given file system. */
export async function writeFileAtomicOn(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  op = "writeFileAtomic",
): Promise<void> {
  const { pid, platform } = await builtin<NodeProcess>(op, "node:process");
  const paths = await builtin<PathModule>(op, "node:path");
  // Through a symbolic link, so that the link stays one and its target is replaced.
  const target = await files.realpath(path).catch(() => path);
  const directory = paths.dirname(target);
  const nextName = (): string =>
    paths.join(directory, `${paths.basename(target)}.${String(pid)}-${String(temporaryFiles++)}.tmp`);
  let temporary: string | null = null;
  let hint = " Whatever the file held before is untouched.";
  try {
    const [file, name] = await openNew(files, nextName);
    temporary = name;
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, target);
    temporary = null;
    hint = " The new file is in its place, but a power failure could still undo that.";
    // The name itself is safe only once the directory is on disk. Windows neither needs nor allows this.
    if (platform !== "win32") await syncDirectory(files, directory);
  } catch (error) {
    if (temporary !== null) await files.unlink(temporary).catch(() => undefined);
    throw fileError(op, path, `the file must be writable (${String(bytes.length)} bytes)`, error, hint);
  }
}

/** The part of `node:fs/promises` that growing files need. */
export interface GrowingFiles {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: string): Promise<GrowingFile>;
}

interface GrowingFile {
  stat(): Promise<{ readonly size: number }>;
  writeFile(data: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes a directory and those above it; one that is there already is left alone.
 *
 * @throws FileError when it cannot be made.
 */
export async function createDirectory(path: string, op = "createDirectory"): Promise<void> {
  const files = await builtin<GrowingFiles>(op, "node:fs/promises");
  try {
    await files.mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(op, path, "the directory must be there or be made", error);
  }
}

/**
 * Adds bytes to the end of a file, which is made when it is not there. Unlike `writeFileAtomic`, a kill may leave a part:
 * for logs, whose readers can skip one. A full disk leaves none, so that the same bytes may be added later.
 *
 * @throws FileError when it cannot be written.
 */
export async function appendToFile(path: string, bytes: Uint8Array, op = "appendToFile"): Promise<void> {
  await appendToFileOn(await builtin<GrowingFiles>(op, "node:fs/promises"), path, bytes, op);
}

/** `appendToFile` on a given file system. */
export async function appendToFileOn(
  files: GrowingFiles,
  path: string,
  bytes: Uint8Array,
  op = "appendToFile",
): Promise<void> {
  try {
    const file = await files.open(path, "a");
    try {
      const { size } = await file.stat();
      try {
        await file.writeFile(bytes);
      } catch (error) {
        await file.truncate(size).catch(() => undefined);
        throw error;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(op, path, `the file must be writable (${String(bytes.length)} bytes)`, error);
  }
}

/** Opens a file of a name that is free. One may be taken: a process of the same number that was killed left it behind. */
async function openNew(
  files: FileSystem,
  nextName: () => string,
): Promise<readonly [file: FileHandle, name: string]> {
  for (;;) {
    const name = nextName();
    try {
      return [await files.open(name, "wx"), name];
    } catch (error) {
      if ((error as { code?: string } | null)?.code !== "EEXIST") throw error;
    }
  }
}

const NO_SYNC: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "ENOSYS"]);

async function syncDirectory(files: FileSystem, directory: string): Promise<void> {
  const handle = await files.open(directory, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network and user-space file systems know no such thing.
    if (!NO_SYNC.has((error as { code?: string } | null)?.code ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
