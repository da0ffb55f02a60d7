// A stepper in a page follows the page from light to dark. It has a button for that, which paints its pictures anew, too.

const root = document.documentElement;

function follow(frame) {
  const page = frame.contentDocument;
  const button = page && page.getElementById("theme");
  if (!button) return;
  const chosen = page.documentElement.dataset.theme;
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (isDark !== (root.dataset.theme === "dark")) button.click();
}

document.addEventListener("DOMContentLoaded", () => {
  const frames = document.querySelectorAll("iframe[srcdoc]");
  const all = () => frames.forEach(follow);
  frames.forEach(frame => frame.addEventListener("load", () => follow(frame)));
  new MutationObserver(all).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  all();
});
