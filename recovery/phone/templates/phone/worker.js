/* Lets the page open without a network. It keeps the page's own files, all of one version or none of it.
   It never touches the API: no answer and no verdict is ever stored here. */
const VERSION = "phone-{{ version }}";
const PAGE = {{ page|safe }};
const ADDRESSES = {{ addresses|safe }};

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((cache) => cache.addAll(ADDRESSES.map((address) => new Request(address, { cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("phone-") && name !== VERSION))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const path = new URL(url).pathname;
  const wanted = mode === "navigate" && path === PAGE ? PAGE : path;
  if (method !== "GET" || new URL(url).origin !== self.location.origin || !ADDRESSES.includes(wanted)) return;
  event.respondWith(
    caches
      .open(VERSION)
      .then((cache) => cache.match(wanted))
      .then((kept) => kept ?? fetch(event.request)),
  );
});
