// Atomic writes: what a kill, a full disk or a forbidden directory leaves behind.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NeuriteError } from "../../src/core/errors.ts";
import { appendToFile, appendToFileOn, FileError, readFileBytes } from "../../src/io/files.ts";
import { writeFileAtomic, writeFileAtomicOn } from "../../src/io/files.ts";
import type { FileSystem, GrowingFiles } from "../../src/io/files.ts";

let directory = "";

beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-files-"));
});

afterEach(async () => {
  await fs.rm(directory, { recursive: true, force: true });
});

const failure = async (action: Promise<unknown>): Promise<FileError> => {
  const error = await action.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FileError);
  expect(error).toBeInstanceOf(NeuriteError);
  return error as FileError;
};

/** A file system that fails with `code` at the named step, as the real one would. */
function failingAt(step: "open" | "writeFile" | "sync" | "rename", code: string): FileSystem {
  const fail = () => Promise.reject(Object.assign(new Error(`${code}: injected`), { code }));
  return {
    ...fs,
    open: async (path, flags) => {
      if (step === "open") return fail();
      const file = await fs.open(path, flags);
      return {
        writeFile: async (data) => {
          if (step !== "writeFile") return file.writeFile(data);
          await file.writeFile(data.subarray(0, data.length >> 1));
          return fail();
        },
        sync: () => (step === "sync" ? fail() : file.sync()),
        close: () => file.close(),
      };
    },
    rename: (from, to) => (step === "rename" ? fail() : fs.rename(from, to)),
  };
}

describe("writeFileAtomic", () => {
  it("writes, replaces and reads back", async () => {
    const path = join(directory, "a.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, Uint8Array.of(4));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(4));
    expect(await fs.readdir(directory)).toEqual(["a.bin"]);
  });

  it("writes the target of a symbolic link and keeps the link", async () => {
    const target = join(directory, "target");
    const link = join(directory, "link");
    await writeFileAtomic(target, Uint8Array.of(1));
    await fs.symlink(target, link);
    await writeFileAtomic(link, Uint8Array.of(2));
    expect(await readFileBytes(target)).toEqual(Uint8Array.of(2));
    expect((await fs.lstat(link)).isSymbolicLink()).toBe(true);
  });

  it.each([
    ["open", "EACCES", /permission is denied/],
    ["writeFile", "ENOSPC", /the disk is full/],
    ["sync", "ENOSPC", /the disk is full/],
    ["sync", "EIO", /EIO: injected/],
    ["rename", "EROFS", /read-only/],
  ] as const)("a failure of %s (%s) leaves the old file and nothing else", async (step, code, reason) => {
    const path = join(directory, "a.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    const error = await failure(writeFileAtomicOn(failingAt(step, code), path, new Uint8Array(100)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(reason);
    expect(error.message).toMatch(
      /^writeFileAtomic: .*a\.bin: the file must be writable \(100 bytes\); got /,
    );
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await fs.readdir(directory)).toEqual(["a.bin"]);
  });

  it("is not stopped by what a killed process of the same number left behind", async () => {
    // In containers every run may have the same number: here the next names that this one would take are taken.
    const path = join(directory, "a.bin");
    const probe = failingAt("rename", "EIO");
    let last = "";
    await failure(
      writeFileAtomicOn(
        { ...probe, open: (name, flags) => ((last = name), probe.open(name, flags)) },
        path,
        new Uint8Array(1),
      ),
    );
    const next = Number(/-(\d+)\.tmp$/.exec(last)![1]) + 1;
    const left = [next, next + 1].map((n) => last.replace(/-\d+\.tmp$/, `-${String(n)}.tmp`));
    for (const name of left) await fs.writeFile(name, "part");
    await writeFileAtomic(path, Uint8Array.of(7));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(7));
    for (const name of left) expect(await fs.readFile(name, "utf8")).toBe("part");
  });

  it("adds all of the bytes to a growing file or none", async () => {
    const path = join(directory, "log");
    await appendToFile(path, Uint8Array.of(1, 2));
    const full: GrowingFiles = {
      ...fs,
      open: async (name, flags) => {
        const file = await fs.open(name, flags);
        return {
          stat: () => file.stat(),
          truncate: (size) => file.truncate(size),
          close: () => file.close(),
          writeFile: async (data) => {
            await file.writeFile(data.subarray(0, 1));
            throw Object.assign(new Error("ENOSPC: injected"), { code: "ENOSPC" });
          },
        };
      },
    };
    expect((await failure(appendToFileOn(full, path, Uint8Array.of(3, 4)))).code).toBe("ENOSPC");
    await appendToFile(path, Uint8Array.of(3, 4));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it("says what holds when only the directory could not be forced to disk", async () => {
    const path = join(directory, "a.bin");
    const failing = (code: string): FileSystem => ({
      ...fs,
      open: async (name, flags) => {
        const file = await fs.open(name, flags);
        const sync = () => Promise.reject(Object.assign(new Error(`${code}: injected`), { code }));
        return flags === "r" ? { ...file, close: () => file.close(), sync } : file;
      },
    });
    const error = await failure(writeFileAtomicOn(failing("EIO"), path, Uint8Array.of(1)));
    expect(error.message).toMatch(
      /The new file is in its place, but a power failure could still undo that\.$/,
    );
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(1));
    // File systems that know no such thing are no reason to fail.
    await writeFileAtomicOn(failing("EINVAL"), path, Uint8Array.of(2));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(2));
  });

  it("names a directory that is not there, and a path that is a directory", async () => {
    expect((await failure(writeFileAtomic(join(directory, "no", "a.bin"), new Uint8Array(1)))).code).toBe(
      "ENOENT",
    );
    await fs.mkdir(join(directory, "d"));
    expect((await failure(writeFileAtomic(join(directory, "d"), new Uint8Array(1)))).code).toMatch(
      /EISDIR|ENOTEMPTY|EPERM|EEXIST/,
    );
    expect(await fs.readdir(directory)).toEqual(["d"]);
    expect((await failure(readFileBytes(join(directory, "absent")))).code).toBe("ENOENT");
  });

  // Root may write anywhere, so a forbidden directory can be had only as another user.
  it.skipIf(process.getuid?.() === 0)("leaves a directory that may not be written as it is", async () => {
    const path = join(directory, "a.bin");
    await writeFileAtomic(path, Uint8Array.of(1));
    await fs.chmod(directory, 0o555);
    expect((await failure(writeFileAtomic(path, Uint8Array.of(2)))).code).toBe("EACCES");
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(1));
    await fs.chmod(directory, 0o755);
  });

  it("keeps the old file on a disk that is really full", async ({ skip }) => {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory], { stdio: "ignore" });
    } catch {
      return skip("mounting a small tmpfs needs root");
    }
    try {
      const path = join(directory, "a.bin");
      await writeFileAtomic(path, new Uint8Array(20_000).fill(7));
      const error = await failure(writeFileAtomic(path, new Uint8Array(60_000)));
      expect(error.message).toMatch(/60000 bytes\); got ENOSPC \(the disk is full\)/);
      expect(await readFileBytes(path)).toEqual(new Uint8Array(20_000).fill(7));
      expect(await fs.readdir(directory)).toEqual(["a.bin"]);
    } finally {
      execFileSync("umount", [directory]);
    }
  });

  it("survives SIGKILL in the middle of writing, again and again", async () => {
    const path = join(directory, "a.bin");
    const module = resolve("src/io/files.ts");
    // Files of 2 MB, each filled with one byte, written without pause: a part of one would show at once.
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(module)};
      for (let i = 1; ; i++) {
        await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(2_000_000).fill(i));
        if (i === 1) process.stdout.write("started\\n");
      }`;
    for (const delay of [3, 8, 17]) {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
      await once(child.stdout, "data");
      await new Promise((done) => setTimeout(done, delay));
      child.kill("SIGKILL");
      await once(child, "exit");
      const bytes = await readFileBytes(path);
      expect(bytes.length).toBe(2_000_000);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    }
  });
});
