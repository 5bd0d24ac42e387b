declare module "elkjs/lib/elk-worker.min.js?url" {
  const address: string;
  // biome-ignore lint/style/noDefaultExport: what Vite makes of ?url
  export default address;
}
