// Compiles a bundle in the runtime that will read it: node compile.mjs RUNTIME SOURCES.zip BUNDLE.zip [MEMORY.gz]
// With MEMORY.gz that runtime's memory is kept as it is when it has imported what the first answers need, and the bundle has the rest.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const [runtime, sources, bundle, memory] = process.argv.slice(2).map((path) => resolve(path));
const HERE = "/bundle.zip"; // where the worker has it
process.on("uncaughtException", (fault) => {
  console.error(String(fault.message ?? fault).trim().split("\n").at(-1)); // of a traceback, what went wrong
  process.exit(1);
});
const { loadPyodide } = await import(pathToFileURL(join(runtime, "pyodide.mjs")).href);

// Python that imports the package from a bundle.
async function python(content, options) {
  const found = await loadPyodide({ indexURL: runtime, ...options });
  found.FS.writeFile(HERE, content);
  found.runPython(`import sys; sys.path.insert(0, "${HERE}")`);
  return found;
}

const first = await python(readFileSync(sources), {});
first.pyimport("symbackprop.server.bundle").compiled(HERE, "/compiled.zip", "/rest.zip");
const [compiled, rest] = ["/compiled.zip", "/rest.zip"].map((path) => first.FS.readFile(path));
writeFileSync(bundle, memory === undefined ? compiled : rest);
if (memory !== undefined) {
  const begun = await python(compiled, { _makeSnapshot: true });
  begun.runPython("import gc; from symbackprop.server import browser; browser.warm(); gc.collect()");
  writeFileSync(memory, gzipSync(begun.makeMemorySnapshot(), { level: 9 }));
}
