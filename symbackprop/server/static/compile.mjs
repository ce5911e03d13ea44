// Compiles a bundle in the runtime that will read it: node compile.mjs RUNTIME SOURCES.zip COMPILED.zip
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [runtime, sources, compiled] = process.argv.slice(2).map((path) => resolve(path));
process.on("uncaughtException", (fault) => {
  console.error(String(fault.message ?? fault).trim().split("\n").at(-1)); // of a traceback, what went wrong
  process.exit(1);
});
const { loadPyodide } = await import(pathToFileURL(join(runtime, "pyodide.mjs")).href);
const python = await loadPyodide({ indexURL: runtime });
python.FS.writeFile("/sources.zip", readFileSync(sources));
python.runPython(`import sys; sys.path.insert(0, "/sources.zip")`);
python.pyimport("symbackprop.server.bundle").compiled("/sources.zip", "/compiled.zip");
writeFileSync(compiled, python.FS.readFile("/compiled.zip"));
