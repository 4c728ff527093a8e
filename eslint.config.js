// Lint rules: typescript-eslint's strictest typed set, less the few rules that numeric code has good reason to break.
import prettier from "eslint-config-prettier/flat";
import { defineConfig, globalIgnores } from "eslint/config";
import { builtinModules } from "node:module";
import tseslint from "typescript-eslint";

export default defineConfig(
  // assembly/ is AssemblyScript: its types are not TypeScript's, and the compiler itself is its checker.
  globalIgnores(["dist/", "assembly/", "coverage/", "docs/", "runs/", ".cache/"]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": "error",
      "object-shorthand": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": ["error", { checkThenables: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowNullish: false },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // Index reads are typed as always present (noUncheckedIndexedAccess is off, for typed arrays in hot loops), so
      // this rule would call the checks that guard them needless.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `shape[i]!` and friends are the readable form after a check that the types cannot see.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Scopes and nodes put themselves into linked lists; arrow functions have made the rule's own case obsolete.
      "@typescript-eslint/no-this-alias": "off",
      // A backend is handed storages by their interface and knows that it made them itself.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // `for (let i = 0; ...)` walks several arrays in step; for-of would hide the index.
      "@typescript-eslint/prefer-for-of": "off",
    },
  },
  {
    // The library runs in browsers too: nothing of Node by a static import, no console but for warnings.
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", { paths: builtinModules, patterns: ["node:*"] }],
      "no-restricted-globals": ["error", "Buffer", "require", "__dirname", "__filename", "global"],
      "no-console": ["error", { allow: ["warn"] }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
  prettier,
);
