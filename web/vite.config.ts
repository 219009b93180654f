import { env } from "node:process";
import { defineConfig } from "vitest/config";

// `npm run dev` needs a stack of its own: `make up CORS_ORIGINS=http://localhost:5173`, and PROXY names its gateway.
const gateway = env["PROXY"] ?? "http://localhost:8080";

export default defineConfig({
  cacheDir: ".vite", // node_modules is shared with other builds of the same lock
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy allows no data: but for pictures, and every byte is told by its own address
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": gateway } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
