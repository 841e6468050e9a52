// Keeps the shell: the page and the files whose names follow their content. It must never keep a figure: whatever is not one
// of those goes to the network untouched, so that without a network the page says that it knows nothing.
const SHELL = "shell-1";
const PAGE = "/index.html";
const NAMED_BY_CONTENT = /^\/[^?]*-[0-9a-f]{16}\.(js|wasm|css|woff2|svg)$/;

self.addEventListener("install", (event) => {
  const keep = async () => {
    const shell = await caches.open(SHELL);
    await shell.add(new Request(PAGE, { cache: "no-cache" }));
  };
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

// A new page names new files: those of the one before are let go, so the shell never grows.
const renew = async (answer) => {
  const shell = await caches.open(SHELL);
  const known = await shell.match(PAGE);
  if (known?.headers.get("etag") === answer.headers.get("etag")) return;
  for (const request of await shell.keys()) await shell.delete(request);
  await shell.put(PAGE, answer);
};

const page = async (request, event) => {
  try {
    const answer = await fetch(request);
    const isShell = answer.ok && answer.headers.get("content-type")?.startsWith("text/html") && answer.headers.get("cache-control") === "no-cache";
    if (isShell) event.waitUntil(renew(answer.clone()));
    return answer;
  } catch (error) {
    return (await (await caches.open(SHELL)).match(PAGE)) ?? Response.error();
  }
};

const file = async (request) => {
  const shell = await caches.open(SHELL);
  const known = await shell.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await shell.put(request, answer.clone());
  return answer;
};

// What others serve under this address is not the application's: frozen and public pages, printed sheets, the interface.
const IS_APPLICATION = /^\/(|board\/.+|kpi\/.+|tasks(\/.+)?|console|incidents\/.+|log(\/\d+)?|on-call(\/.+)?|persons\/.+|sources|forms)$/;

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && IS_APPLICATION.test(url.pathname)) event.respondWith(page(request, event));
  else if (NAMED_BY_CONTENT.test(url.pathname)) event.respondWith(file(request));
});
