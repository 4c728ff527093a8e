// How many processors a process in Node may use: those that the system gives it, but no more than its container's quota.
// Node looks at the quota from version 22 on only, and threads beyond it are halted together with all others.
import { nodeBuiltin } from "../../../core/runtime.ts";

interface Processors {
  readonly count: number;
  /** Whether a quota leaves some of them out. */
  readonly isLimited: boolean;
}

interface Os {
  availableParallelism?(): number;
  cpus(): readonly unknown[];
}

/** A file's text, or null where there is none. */
type Read = (path: string) => string | null;

export async function usableProcessors(): Promise<Processors> {
  const os = await nodeBuiltin<Os>("node:os");
  const fs = await nodeBuiltin<{ readFileSync(path: string, encoding: "utf8"): string }>("node:fs");
  const present = os?.availableParallelism?.() ?? os?.cpus().length ?? 1;
  // Deno counts with the quota itself, and would ask the user's leave to read system files.
  const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;
  const quota = processorQuota((path) => {
    try {
      return isDeno ? null : (fs?.readFileSync(path, "utf8") ?? null);
    } catch {
      return null;
    }
  });
  const count = Math.max(1, Math.floor(Math.min(present, quota)));
  return { count, isLimited: count < present };
}

/** Processors that the control groups of Linux grant this process, a fraction maybe; Infinity without a quota. */
export function processorQuota(read: Read): number {
  const groups = (read("/proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  const quotas = groups.flatMap(([number, controllers = "", ...path]) => {
    const places = upFrom(path.join(":"));
    if (number === "0" && controllers === "") return places.map((place) => quotaOfVersion2(read, place));
    return controllers.split(",").includes("cpu") ? places.map((place) => quotaOfVersion1(read, place)) : [];
  });
  return Math.min(Infinity, ...quotas.filter((quota) => quota > 0));
}

/** A group's path and those of all above it, as they continue the mount's: "/a/b", "/a", "". */
function upFrom(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return Array.from({ length: names.length + 1 }, (_, left) => {
    return names.slice(0, names.length - left).reduce((whole, name) => `${whole}/${name}`, "");
  });
}

// "200000 100000" microseconds of each period, or "max 100000".
function quotaOfVersion2(read: Read, place: string): number {
  const [quota, period] = (read(`/sys/fs/cgroup${place}/cpu.max`) ?? "").trim().split(" ").map(Number);
  return quota / period;
}

// -1 where there is none.
function quotaOfVersion1(read: Read, place: string): number {
  const numberIn = (name: string): number =>
    Number(read(`/sys/fs/cgroup/cpu${place}/cpu.cfs_${name}_us`) ?? NaN);
  return numberIn("quota") / numberIn("period");
}
