// Which nodes a backward walk visits, and in which order. Creation order is topological, so ids are enough; an explicit stack
// takes chains of any length.
import type { Node } from "../tensor/node.ts";

let walks = 0;

/**
 * The nodes that lead from the starts to a wanted one: leaves first, then the others from the oldest on; also put into the set
 * `leading`. Nodes older than `oldest` are not looked at, and what lies behind the boundary is not passed.
 */
export function nodesToWalk(
  starts: readonly Node[],
  wanted: (node: Node) => boolean,
  oldest: number,
  boundary: number,
  leading: Set<Node>,
): Node[] {
  walks++;
  const found: Node[] = [];
  const leaves: Node[] = [];
  const stack = starts.slice();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.met === walks) continue;
    node.met = walks;
    if (node.primitive === null) leaves.push(node);
    else found.push(node);
    if (node.id < boundary) continue;
    const { parents } = node;
    for (let i = 0; i < parents.length; i++) {
      const parent = parents[i];
      if (parent !== null && parent.id >= oldest && parent.met !== walks) stack.push(parent);
    }
  }
  sortOldestFirst(found);
  const order: Node[] = [];
  for (let i = 0; i < leaves.length; i++) {
    if (!wanted(leaves[i])) continue;
    leading.add(leaves[i]);
    order.push(leaves[i]);
  }
  for (let i = 0; i < found.length; i++) {
    if (!leads(found[i], leading) && !wanted(found[i])) continue;
    leading.add(found[i]);
    order.push(found[i]);
  }
  return order;
}

// The search meets most nodes newest first; turned round they are nearly in order, which insertion is fastest for.
function sortOldestFirst(nodes: Node[]): void {
  nodes.reverse();
  let moves = 8 * nodes.length;
  for (let i = 1; i < nodes.length; i++) {
    const node = nodes[i];
    let k = i;
    for (; k > 0 && nodes[k - 1].id > node.id; k--) nodes[k] = nodes[k - 1];
    nodes[k] = node;
    moves -= i - k;
    if (moves < 0) {
      nodes.sort((a, b) => a.id - b.id);
      return;
    }
  }
}

function leads(node: Node, leading: ReadonlySet<Node>): boolean {
  const { parents } = node;
  for (let i = 0; i < parents.length; i++) {
    const parent = parents[i];
    if (parent !== null && leading.has(parent)) return true;
  }
  return false;
}
