// Python in a worker: the runtime, then the package; arrays later, where the folder has them. It says `ready`, later `able`.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const BUNDLE = "bundle.zip";

function bytes(name) {
  return fetch(name).then((got) => {
    if (!got.ok) throw new Error(`${name} is missing (${got.status})`);
    return got.arrayBuffer();
  });
}

async function begin() {
  const place = new URL("pyodide/", self.location.href).href;
  const [python, bundle, about] = await Promise.all([
    loadPyodide({ indexURL: place, packageBaseUrl: place }), bytes(BUNDLE), fetch("site.json").then((got) => got.json()),
  ]);
  python.FS.writeFile(BUNDLE, new Uint8Array(bundle));
  python.runPython(`import sys; sys.path.insert(0, "${BUNDLE}")`);
  const here = python.pyimport("symbackprop.server.browser");
  self.onmessage = ({ data }) => self.postMessage({ found: JSON.parse(here.ask(data.name, data.question)) });
  self.postMessage({ ready: true });
  if (!about.numbers) return;
  await python.loadPackage(about.numbers, { messageCallback: () => {} });
  here.able();
  self.postMessage({ able: true });
}

begin().catch((fault) => self.postMessage({ lost: String(fault.message ?? fault) }));
