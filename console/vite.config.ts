import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist/app",
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the policy of the page allows files of ours alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: { "/api": { target: process.env["CONSOLE"] ?? "http://127.0.0.1:3001", changeOrigin: true } },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
