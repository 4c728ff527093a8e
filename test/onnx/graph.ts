// Runs an ONNX graph on the wasm device, node by node, with the library's ops.
import type { Tensor } from "../../src/index.ts";
import { Beyond, Invocation, upload } from "./invocation.ts";
import type { GraphModel, Model, Stored } from "./model.ts";
import { absent, operators } from "./operators/index.ts";

/** Why a model cannot run at all, by its operators; null if it can. */
export function obstacle({ graph }: Model): string | null {
  for (const { operator, domain } of graph.nodes) {
    const name = domain === "" || domain === "ai.onnx" ? operator : `${domain}.${operator}`;
    if (name in operators) continue;
    return `${name}: ${absent[name] ?? "NO REASON GIVEN"}`;
  }
  return null;
}

/** The graph's outputs by name, in order; an output that the operator does not give is undefined. */
export function runGraph(
  graph: GraphModel,
  opset: number,
  inputs: readonly Stored[],
): readonly (Tensor | undefined)[] {
  const values = new Map<string, Tensor>();
  for (const constant of graph.constants) values.set(constant.name, upload(constant));
  // Constants may stand among the inputs, as defaults that nobody overrides here.
  const open = graph.inputs.filter(({ name }) => !values.has(name));
  if (inputs.length > open.length) throw new Beyond("more stored inputs than the graph has");
  inputs.forEach((stored, i) => values.set(open[i].name, upload(stored)));
  for (const node of graph.nodes) {
    const call = new Invocation(
      node,
      node.inputs.map((name) => values.get(name)),
      opset,
    );
    const domain = node.domain === "" || node.domain === "ai.onnx" ? "" : `${node.domain}.`;
    const result = operators[`${domain}${node.operator}`](call);
    const results = Array.isArray(result) ? (result as readonly (Tensor | undefined)[]) : [result as Tensor];
    node.outputs.forEach((name, i) => {
      const value = results[i];
      if (name !== "" && value !== undefined) values.set(name, value);
    });
  }
  return graph.outputs.map(({ name }) => values.get(name));
}
