// How the page asks where there is no server: Python runs in a worker of the browser, which answers one question at a time.
"use strict";

const SECONDS = { equations: 30, formulas: 30 }; // that a question may take; others have MORE
const MORE = 120;

const WORKER = `worker.js${new URL(document.currentScript.src).search}`; // of the same build
let worker = null; // a promise of one that is ready
let turn = Promise.resolve();
let heard = () => {}; // what the answer that is awaited is given to

function started() {
  return new Promise((ready, failed) => {
    const made = new Worker(WORKER, { type: "module" });
    made.onmessage = ({ data }) => {
      if (data.ready) ready(made);
      else if (data.able) window.dispatchEvent(new Event("able"));
      else if (data.lost) failed(Object.assign(new Error(data.lost), { host: data.host }));
      else heard(data.found);
    };
    made.onerror = (fault) => {
      const lost = new Error(fault.message || "the worker could not be loaded, whose files .js and .mjs the host must send as JavaScript");
      failed(lost);
      heard(refused(label("Python ended in this browser: {}. Load the page again.", lost.message)));
    };
  });
}

function refused(message) {
  return { ok: false, faults: [{ message, fault: message, mend: "" }] };
}

async function answered(name, question) {
  let ready;
  try {
    ready = await (worker ??= started());
  } catch (fault) {
    worker = null;
    notice.remove();
    return refused(
      fault.host
        ? label("Python does not start: {}. Load the page again; if it stays so, whoever serves the folder copies it there anew.", fault.message)
        : label("Python does not start in this browser: {}. A newer browser may; so does symbackprop serve.", fault.message)
    );
  }
  return new Promise((done) => {
    const seconds = SECONDS[name] ?? MORE;
    const clock = setTimeout(() => {
      ready.terminate(); // the next question starts another
      worker = null;
      done(refused(label("this takes more than {} s; ask about a smaller network, or fewer claims", seconds)));
    }, seconds * 1000);
    heard = (found) => {
      clearTimeout(clock);
      done(found);
    };
    ready.postMessage({ name, question: JSON.stringify(question) });
  });
}

function post(name, question) {
  const found = turn.then(() => answered(name, question));
  turn = found;
  return found;
}

async function examples() {
  return (await fetch("examples.json")).json();
}

async function labels() {
  return (await fetch("labels.json")).json();
}

const notice = document.createElement("p");
notice.className = "symbackprop";
notice.textContent = "Python starts in this browser, which takes a few seconds.";
document.getElementById("report").append(notice);
