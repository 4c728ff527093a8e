// Reads ONNX files: the part of onnx.proto that the test data uses, as plain objects with arrays of our own.
import protobuf from "protobufjs/light.js";

// Field numbers and types from the public onnx.proto (onnx.in.proto, IR version 8).
const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: { type: "int64", id: 1 },
        graph: { type: "Graph", id: 7 },
        opsetImport: { rule: "repeated", type: "OperatorSet", id: 8 },
      },
    },
    OperatorSet: { fields: { domain: { type: "string", id: 1 }, version: { type: "int64", id: 2 } } },
    Graph: {
      fields: {
        node: { rule: "repeated", type: "Node", id: 1 },
        name: { type: "string", id: 2 },
        initializer: { rule: "repeated", type: "Tensor", id: 5 },
        input: { rule: "repeated", type: "ValueInfo", id: 11 },
        output: { rule: "repeated", type: "ValueInfo", id: 12 },
      },
    },
    ValueInfo: { fields: { name: { type: "string", id: 1 }, type: { type: "Type", id: 2 } } },
    // A oneof: which of these is present says whether the value is a tensor, a sequence or an optional.
    Type: {
      fields: {
        tensorType: { type: "TensorType", id: 1 },
        sequenceType: { type: "bytes", id: 4 },
        optionalType: { type: "bytes", id: 9 },
      },
    },
    TensorType: { fields: { elemType: { type: "int32", id: 1 } } },
    Node: {
      fields: {
        input: { rule: "repeated", type: "string", id: 1 },
        output: { rule: "repeated", type: "string", id: 2 },
        name: { type: "string", id: 3 },
        opType: { type: "string", id: 4 },
        attribute: { rule: "repeated", type: "Attribute", id: 5 },
        domain: { type: "string", id: 7 },
      },
    },
    Attribute: {
      fields: {
        name: { type: "string", id: 1 },
        f: { type: "float", id: 2 },
        i: { type: "int64", id: 3 },
        s: { type: "bytes", id: 4 },
        t: { type: "Tensor", id: 5 },
        g: { type: "Graph", id: 6 },
        floats: { rule: "repeated", type: "float", id: 7 },
        ints: { rule: "repeated", type: "int64", id: 8 },
        strings: { rule: "repeated", type: "bytes", id: 9 },
        type: { type: "int32", id: 20 },
      },
    },
    Tensor: {
      fields: {
        dims: { rule: "repeated", type: "int64", id: 1 },
        dataType: { type: "int32", id: 2 },
        floatData: { rule: "repeated", type: "float", id: 4 },
        int32Data: { rule: "repeated", type: "int32", id: 5 },
        stringData: { rule: "repeated", type: "bytes", id: 6 },
        int64Data: { rule: "repeated", type: "int64", id: 7 },
        name: { type: "string", id: 8 },
        rawData: { type: "bytes", id: 9 },
        doubleData: { rule: "repeated", type: "double", id: 10 },
        uint64Data: { rule: "repeated", type: "uint64", id: 11 },
      },
    },
  },
});

/** Element types by their number in TensorProto.DataType. */
const ELEMENTS: Readonly<Record<number, string>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
};

export const elementName = (dataType: number): string => ELEMENTS[dataType] ?? `type ${dataType}`;

/** A stored tensor: its numbers row-major. 64-bit integers are numbers here; the test data has none above 2^53. */
export interface Stored {
  readonly name: string;
  readonly element: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export type Attribute = number | string | readonly number[] | readonly string[] | Stored | GraphModel;

export interface NodeModel {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface ValueModel {
  readonly name: string;
  /** "float32", "int64", ...; "sequence" and "optional" for values that are no tensors. */
  readonly element: string;
}

export interface GraphModel {
  readonly nodes: readonly NodeModel[];
  readonly constants: readonly Stored[];
  readonly inputs: readonly ValueModel[];
  readonly outputs: readonly ValueModel[];
}

export interface Model {
  /** Version of the operator set of ONNX's own domain. */
  readonly opset: number;
  readonly graph: GraphModel;
}

// ---- from messages to the above

interface Message {
  readonly [field: string]: unknown;
}

const options = { longs: Number, defaults: true, arrays: true } as const;

function decode(type: string, bytes: Uint8Array): Message {
  const message = schema.lookupType(type);
  return message.toObject(message.decode(bytes), options);
}

const text = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array);

// The reader hands out slices of a pooled buffer: copy before looking at the memory through another type.
function fromRaw(element: string, bytes: Uint8Array): number[] {
  const { buffer } = Uint8Array.from(bytes);
  switch (element) {
    case "float32":
      return Array.from(new Float32Array(buffer));
    case "float64":
      return Array.from(new Float64Array(buffer));
    case "int64":
      return Array.from(new BigInt64Array(buffer), Number);
    case "uint64":
      return Array.from(new BigUint64Array(buffer), Number);
    case "int32":
      return Array.from(new Int32Array(buffer));
    case "uint32":
      return Array.from(new Uint32Array(buffer));
    case "int16":
      return Array.from(new Int16Array(buffer));
    case "uint16":
      return Array.from(new Uint16Array(buffer));
    case "int8":
      return Array.from(new Int8Array(buffer));
    case "uint8":
    case "bool":
      return Array.from(new Uint8Array(buffer));
    default:
      return [];
  }
}

function storedOf(message: Message): Stored {
  const element = elementName(message.dataType as number);
  const shape = message.dims as number[];
  const raw = message.rawData as Uint8Array;
  const lists = ["floatData", "int32Data", "int64Data", "doubleData", "uint64Data"].map(
    (field) => message[field] as number[],
  );
  const values = raw.length > 0 ? fromRaw(element, raw) : (lists.find((list) => list.length > 0) ?? []);
  return { name: message.name as string, element, shape, values };
}

/** AttributeProto.AttributeType -> how the value reads. */
function attributeOf(message: Message): Attribute {
  switch (message.type) {
    case 1:
      return message.f as number;
    case 2:
      return message.i as number;
    case 3:
      return text(message.s);
    case 4:
      return storedOf(message.t as Message);
    case 5:
      return graphOf(message.g as Message);
    case 6:
      return message.floats as number[];
    case 7:
      return message.ints as number[];
    case 8:
      return (message.strings as Uint8Array[]).map(text);
    default:
      return `attribute type ${String(message.type)}`;
  }
}

function valueOf(message: Message): ValueModel {
  const type = message.type as Message | null;
  const tensorType = type?.tensorType as Message | null | undefined;
  const element = tensorType
    ? elementName(tensorType.elemType as number)
    : (type?.optionalType as Uint8Array | undefined)?.length
      ? "optional"
      : "sequence";
  return { name: message.name as string, element };
}

const nodeOf = (message: Message): NodeModel => ({
  operator: message.opType as string,
  domain: message.domain as string,
  inputs: message.input as string[],
  outputs: message.output as string[],
  attributes: Object.fromEntries(
    (message.attribute as Message[]).map((attribute) => [attribute.name as string, attributeOf(attribute)]),
  ),
});

const graphOf = (message: Message): GraphModel => ({
  nodes: (message.node as Message[]).map(nodeOf),
  constants: (message.initializer as Message[]).map(storedOf),
  inputs: (message.input as Message[]).map(valueOf),
  outputs: (message.output as Message[]).map(valueOf),
});

export function readModel(bytes: Uint8Array): Model {
  const message = decode("Model", bytes);
  const own = (message.opsetImport as Message[]).find(({ domain }) => domain === "" || domain === "ai.onnx");
  return { opset: (own?.version as number | undefined) ?? 1, graph: graphOf(message.graph as Message) };
}

export const readStored = (bytes: Uint8Array): Stored => storedOf(decode("Tensor", bytes));
