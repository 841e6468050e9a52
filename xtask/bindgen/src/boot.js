// Starts the application. A file of its own, because the page's policy refuses inline scripts.
import init from "/app.js";

init({ module_or_path: "/app.wasm" }).catch((error) => {
  console.error(error);
  // The page's style sheet shows its `.boot-failed` text from here on.
  document.documentElement.classList.add("boot-failed");
});

// The shell is kept for phones. A wall needs none: it is started beside its server, and shows nothing without it.
if ("serviceWorker" in navigator && !location.pathname.startsWith("/wall/")) {
  navigator.serviceWorker.register("/sw.js").catch((error) => console.warn(error));
}
