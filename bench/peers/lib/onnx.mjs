// A few lines of protobuf: enough to write ONNX models for the onnxruntime anchors without Python.
const varint = (n) => {
  const o = [];
  let v = BigInt.asUintN(64, BigInt(n));
  do {
    let b = Number(v & 127n);
    v >>= 7n;
    if (v) b |= 128;
    o.push(b);
  } while (v);
  return Buffer.from(o);
};
const tag = (f, t) => varint((f << 3) | t);
const I = (f, n) => Buffer.concat([tag(f, 0), varint(n)]);
const L = (f, b) => {
  const d = typeof b === "string" ? Buffer.from(b) : b;
  return Buffer.concat([tag(f, 2), varint(d.length), d]);
};
const F32 = (f, x) => {
  const b = Buffer.alloc(4);
  b.writeFloatLE(x);
  return Buffer.concat([tag(f, 5), b]);
};
const cat = (...a) => Buffer.concat(a.flat());
export const FLOAT = 1,
  INT32 = 6,
  INT64 = 7;

export class Graph {
  constructor() {
    this.nodes = [];
    this.inits = [];
    this.ins = [];
    this.outs = [];
    this.n = 0;
  }
  attr(name, v) {
    const h = L(1, name);
    if (typeof v === "string") return cat(h, L(4, v), I(20, 3));
    if (Array.isArray(v))
      return cat(
        h,
        v.map((x) => I(8, x)),
        I(20, 7),
      );
    if (typeof v === "object") return cat(h, F32(2, v.f), I(20, 1)); // {f: number} = float
    return cat(h, I(3, v), I(20, 2));
  }
  op(type, inputs, attrs = {}, nOut = 1) {
    const outs = Array.from({ length: nOut }, () => `t${this.n++}`);
    this.nodes.push(
      cat(
        inputs.map((x) => L(1, x)),
        outs.map((x) => L(2, x)),
        L(4, type),
        Object.entries(attrs).map(([k, v]) => L(5, this.attr(k, v))),
      ),
    );
    return nOut === 1 ? outs[0] : outs;
  }
  init(data, shape, type = FLOAT) {
    const name = `c${this.n++}`,
      raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.inits.push(
      cat(
        shape.map((d) => I(1, d)),
        I(2, type),
        L(8, name),
        L(9, raw),
      ),
    );
    return name;
  }
  ints(a) {
    return this.init(new BigInt64Array(a.map(BigInt)), [a.length], INT64);
  }
  scalar(x) {
    return this.init(new Float32Array([x]), []);
  }
  info(name, shape, type) {
    return cat(L(1, name), L(2, L(1, cat(I(1, type), L(2, cat(shape.map((d) => L(1, I(1, d)))))))));
  }
  input(name, shape, type = FLOAT) {
    this.ins.push(this.info(name, shape, type));
    return name;
  }
  output(name, shape, type = FLOAT) {
    this.outs.push(this.info(name, shape, type));
    return name;
  }
  bytes() {
    const g = cat(
      this.nodes.map((x) => L(1, x)),
      L(2, "g"),
      this.inits.map((x) => L(5, x)),
      this.ins.map((x) => L(11, x)),
      this.outs.map((x) => L(12, x)),
    );
    return new Uint8Array(cat(I(1, 9), L(2, "peers-bench"), L(7, g), L(8, cat(L(1, ""), I(2, 20)))));
  }
}
