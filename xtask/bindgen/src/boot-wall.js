// Starts the program of a wall's screen. A file of its own, because the page's policy refuses inline scripts.
import init from "/wall.js";

init({ module_or_path: "/wall.wasm" }).catch((error) => {
  console.error(error);
  // The page's style sheet shows its `.boot-failed` text from here on.
  document.documentElement.classList.add("boot-failed");
});
