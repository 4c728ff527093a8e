// The quota of processors that Linux's control groups grant, from files as they look in containers and outside of them.
import { describe, expect, it } from "vitest";
import { processorQuota } from "../../src/backend/wasm/threads/processors.ts";

const quotaOf = (files: Readonly<Record<string, string>>): number =>
  processorQuota((path) => files[path] ?? null);

describe("processorQuota", () => {
  const inContainer = { "/proc/self/cgroup": "0::/\n" };

  it("is what version 2 says", () => {
    expect(quotaOf({ ...inContainer, "/sys/fs/cgroup/cpu.max": "250000 100000\n" })).toBe(2.5);
    expect(quotaOf({ ...inContainer, "/sys/fs/cgroup/cpu.max": "max 100000\n" })).toBe(Infinity);
    expect(quotaOf(inContainer)).toBe(Infinity);
  });

  it("is the least of all groups above", () => {
    const files = {
      "/proc/self/cgroup": "0::/user.slice/run:1.scope\n",
      "/sys/fs/cgroup/user.slice/run:1.scope/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
    };
    expect(quotaOf(files)).toBe(3);
    expect(quotaOf({ ...files, "/sys/fs/cgroup/user.slice/run:1.scope/cpu.max": "50000 100000\n" })).toBe(
      0.5,
    );
  });

  it("is what version 1 says", () => {
    const cgroup = "4:memory:/docker/1\n2:cpu,cpuacct:/docker/1\n0::/\n";
    const files = { "/proc/self/cgroup": cgroup, "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n" };
    expect(quotaOf({ ...files, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n" })).toBe(2);
    expect(quotaOf({ ...files, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n" })).toBe(Infinity);
    expect(quotaOf(files)).toBe(Infinity);
  });

  it("is none on other systems, and where files are not what they should be", () => {
    expect(quotaOf({})).toBe(Infinity);
    expect(quotaOf({ ...inContainer, "/sys/fs/cgroup/cpu.max": "" })).toBe(Infinity);
    expect(quotaOf({ "/proc/self/cgroup": "nonsense" })).toBe(Infinity);
  });
});
