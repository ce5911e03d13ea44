// Python in a worker: the runtime, then the package; arrays later, where the folder has them. It says `ready`, later `able`.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const BUNDLE = "bundle.zip";

function bytes(name) {
  return fetch(name).then((got) => {
    if (!got.ok) throw new Error(`${name} is missing (${got.status})`);
    return got.arrayBuffer();
  });
}

// The runtime's own loader waits for ever where its program does not come. A host may send the program as any type of file.
const lost = new Promise((_, refuse) => {
  const streamed = WebAssembly.instantiateStreaming;
  const type = { "content-type": "application/wasm" };
  WebAssembly.instantiateStreaming = async (source, imports) => {
    try {
      const got = await source;
      if (!got.ok) throw new Error(`${got.url.split("/").at(-1)} is missing (${got.status})`);
      const named = got.headers.get("content-type") === type["content-type"];
      return await streamed.call(WebAssembly, named ? got : new Response(got.body, { headers: type }), imports);
    } catch (fault) {
      refuse(fault);
      throw fault;
    }
  };
});

async function begin() {
  const place = new URL("pyodide/", self.location.href).href;
  const [python, bundle, about] = await Promise.all([
    Promise.race([loadPyodide({ indexURL: place, packageBaseUrl: place }), lost]), bytes(BUNDLE), fetch("site.json").then((got) => got.json()),
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
