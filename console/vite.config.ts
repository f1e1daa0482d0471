import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The stack that the development server stands before: `caracal web` says which. */
const target = process.env["CONSOLE"] ?? "http://127.0.0.1:3001";

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
    proxy: {
      "/api": {
        target,
        changeOrigin: true,
        configure: (proxy) =>
          proxy.on("proxyReq", (request, incoming) => {
            // What our own page asks is asked of the stack as its own page would; what another site asks keeps its
            // origin, and is refused there.
            if (incoming.headers.origin === `http://${incoming.headers.host}`) {
              request.setHeader("origin", new URL(target).origin);
            }
          }),
      },
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
