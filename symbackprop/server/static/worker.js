// Python in a worker: the runtime, then the package; arrays later, where the folder has them. It says `ready`, later `able`.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const BUNDLE = "bundle.zip";
const DRAWING = "drawing.zip"; // what pictures are drawn with, where arrays are
const DRAWN = `/${DRAWING}.d`; // where it is unpacked
const PLACE = `/${BUNDLE}`; // where it was in the files of Python when the memory was kept
const PAGE = 65536; // bytes by which memory grows
const KEPT = [0x00, 0x73, 0x6e, 0x70]; // how a memory that the runtime has kept begins

class HostFault extends Error {} // what no other browser mends

async function answered(name, how = {}, build = "") {
  const got = await fetch(name + build, how).catch(() => { throw new HostFault(`${name} does not come`); });
  if (!got.ok) throw new HostFault(`${name} is missing (${got.status})`);
  return got;
}

// A file of this build: a browser that keeps one of another build asks for it anew.
async function bytes(name, through = (body) => body) {
  const { body } = await answered(name, {}, self.location.search);
  try {
    return new Uint8Array(await new Response(through(body)).arrayBuffer());
  } catch {
    throw new HostFault(`${name} does not come whole`);
  }
}

// The memory of a Python that has imported the package, where the folder has it: nothing is imported anew. The runtime's own loader may
// wait for ever where it is handed another file.
async function unpacked(name) {
  const whole = await bytes(name, (body) => body.pipeThrough(new DecompressionStream("gzip")));
  if (!KEPT.every((byte, k) => whole[k] === byte)) throw new HostFault(`${name} is of another page`);
  return whole;
}

// The runtime's own loader waits for ever where its program does not come, and makes no room for a memory that was kept. A host may send
// the program as any type of file.
let memory = null;
const lost = new Promise((_, refuse) => {
  const streamed = WebAssembly.instantiateStreaming;
  const type = { "content-type": "application/wasm" };
  WebAssembly.instantiateStreaming = async (source, imports) => {
    try {
      const got = await source;
      if (!got.ok) throw new HostFault(`${got.url.split("/").at(-1)} is missing (${got.status})`);
      const named = got.headers.get("content-type") === type["content-type"];
      const made = await streamed.call(WebAssembly, named ? got : new Response(got.body, { headers: type }), imports);
      const own = Object.values(made.instance.exports).find((one) => one instanceof WebAssembly.Memory);
      const room = (await memory)?.length ?? 0;
      if (room > own.buffer.byteLength) own.grow(Math.ceil((room - own.buffer.byteLength) / PAGE));
      return made;
    } catch (fault) {
      refuse(fault);
      throw fault;
    }
  };
});

async function begin() {
  const place = new URL("pyodide/", self.location.href).href;
  const about = await (await answered("site.json", { cache: "no-cache" })).json();
  if (self.location.search !== `?${about.build}`) throw new HostFault("the page was written anew since it was loaded");
  memory = about.memory ? unpacked(about.memory) : null;
  const options = { indexURL: place, packageBaseUrl: place, ...(memory && { _loadSnapshot: memory }) };
  const own = loadPyodide(options).catch(async (fault) => {
    await memory; // which says itself what is wrong with it
    throw memory ? new HostFault(`${about.memory} is of another page (${fault.message})`) : fault;
  });
  const [python, bundle] = await Promise.all([Promise.race([own, lost]), bytes(BUNDLE)]);
  python.FS.writeFile(PLACE, bundle);
  python.runPython(memory ? "import importlib; importlib.invalidate_caches()" : `import sys; sys.path.insert(0, "${PLACE}")`);
  memory = null;
  const here = python.pyimport("symbackprop.server.browser");
  self.onmessage = ({ data }) => self.postMessage({ found: JSON.parse(here.ask(data.name, data.question)) });
  self.postMessage({ ready: true });
  if (!about.numbers) return;
  const [drawing] = await Promise.all([bytes(DRAWING), python.loadPackage(about.numbers, { messageCallback: () => {} })]);
  python.unpackArchive(drawing, "zip", { extractDir: DRAWN });
  python.runPython(`import sys, importlib; sys.path.append("${DRAWN}"); importlib.invalidate_caches()`);
  here.able();
  self.postMessage({ able: true });
}

begin().catch((fault) => self.postMessage({ lost: String(fault.message ?? fault), host: fault instanceof HostFault }));
