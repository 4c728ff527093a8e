// The sweep of test/backend/threads.test.ts at more sizes and thread counts, with recorded backward passes too.
import { expect, it } from "vitest";
import { freshThreads, sweepRows } from "../backend/threading.ts";

it.each([5, 17, 33])("every op has the same bits on 1, 2 and 3 threads at size %i", async (n) => {
  const library = await freshThreads(3);
  const { run, differ } = await sweepRows(library, { n, threads: [2, 3], createGraph: [false, true] });
  expect(differ).toEqual([]);
  expect(library.pool.taken, "chunks that workers took").toBeGreaterThan(run);
  library.pool.close();
});
