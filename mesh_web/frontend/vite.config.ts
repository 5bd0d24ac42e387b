import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const backend = process.env["MESHWEB_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/static/",
  plugins: [react()],
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // the content security policy allows nothing inline, so nothing may become a data: address
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1700,
  },
  server: {
    proxy: {
      "/api": backend,
      "/login/once": backend,
      "/readyz": backend,
      "/ws": { target: backend, ws: true },
    },
  },
});
