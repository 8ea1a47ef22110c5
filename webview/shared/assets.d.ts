/** Style sheets are bundled by esbuild into the page's own file; the import itself has no value. */
declare module "*.css";
