// Types for the part of @webassemblyjs/wasm-parser that scripts/check-wasm.ts uses; the package brings none.
declare module "@webassemblyjs/wasm-parser" {
  export interface FunctionType {
    type: "Signature";
    params: { valtype: string }[];
    results: string[];
  }
  export type ModuleField =
    | { type: "TypeInstruction"; functype: FunctionType }
    | {
        type: "ModuleImport";
        module: string;
        name: string;
        descr:
          | { type: "Memory"; limits: { min: number; max?: number } }
          | { type: "FuncImportDescr" | "Table" | "GlobalType" };
      }
    | { type: "Func"; name: { value: string }; signature: FunctionType }
    | {
        type: "ModuleExport";
        name: string;
        descr: { exportType: "Func" | "Table" | "Memory" | "Global"; id: { value: number } };
      }
    | { type: "Global"; globalType: { valtype: string; mutability: "const" | "var" } }
    | { type: "Data" | "Elem" | "Start" | "Table" | "Memory" | "ModuleMetadata" };

  export function decode(
    bytes: ArrayBuffer,
    options?: { ignoreCodeSection?: boolean; ignoreDataSection?: boolean; ignoreCustomNameSection?: boolean },
  ): { body: [{ type: "Module"; fields: ModuleField[] }] };
}
