// Runs before the first paint, so that a remembered theme does not flash. Everything else is in app.js.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* storage is off: the system's theme it is */ }
})();
