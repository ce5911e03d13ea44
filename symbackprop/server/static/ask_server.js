// How the page asks where a server answers.
"use strict";

async function post(name, question) {
  try {
    const got = await fetch(`ask/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
    });
    return await got.json();
  } catch {
    const lost = label("The server has ended. Start it again: symbackprop serve");
    return { ok: false, faults: [{ message: lost, fault: lost, mend: "" }] };
  }
}

async function examples() {
  return (await fetch("examples")).json();
}

async function labels() {
  return (await fetch("labels")).json();
}
