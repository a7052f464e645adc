// Keys, theme, news without reload, and small forms. Every page works without it.
const typing = (element) => element?.closest("input, textarea, select, [contenteditable]");
const search = document.querySelector("#q");
const help = document.querySelector("#keys");

// --- theme
document.querySelector("#theme")?.addEventListener("click", () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  try { localStorage.setItem("earshot-theme", root.dataset.theme); } catch { /* then it holds for this page */ }
});

// --- lists by keyboard
const items = [...document.querySelectorAll("[data-item]")];
const move = (step) => {
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const next = items[Math.max(0, Math.min(items.length - 1, at < 0 ? 0 : at + step))];
  next?.querySelector("a")?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
const keys = {
  "/": () => { search?.focus(); search?.select(); },
  j: () => move(1),
  k: () => move(-1),
  n: () => document.querySelector("[rel=next]")?.click(),
  p: () => document.querySelector("[rel=prev]")?.click(),
  o: () => document.querySelector("[data-original]")?.click(),
  "?": () => (help?.open ? help.close() : help?.showModal()),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing(event.target)) event.target.blur();
  if (typing(event.target) || !(event.key in keys) || (help?.open && event.key !== "?")) return;
  event.preventDefault();
  keys[event.key]();
});
document.querySelector("#show-keys")?.addEventListener("click", () => help?.showModal());

// --- back to the place in a list: in this tab, by the list's own address
const PLACE = "earshot-place:";
const remember = (key, value) => { try { sessionStorage.setItem(key, value); } catch { /* then the list begins at its top */ } };
const recall = (key) => { try { return sessionStorage.getItem(key); } catch { return null; } };
const here = location.pathname + location.search;
for (const item of items) {
  item.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    remember(PLACE + here, link.getAttribute("href"));
    remember(PLACE + "last", here);
  });
}
const back = document.querySelector("#back");
const last = recall(PLACE + "last");
if (back && last && last.split("?")[0] === back.pathname && recall(PLACE + last)?.split("?")[0] === location.pathname) {
  back.setAttribute("href", last + back.hash);
}
const isReturn = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
const goBack = () => {
  const place = recall(PLACE + here);
  const link = items.flatMap((item) => [...item.querySelectorAll("a")]).find((each) => each.getAttribute("href") === place);
  if (!link) return;
  link.focus({ preventScroll: true });
  link.scrollIntoView({ block: "center" });
};
if (isReturn) goBack();
if (location.hash.startsWith("#m-")) addEventListener("load", () => setTimeout(goBack)); // after the browser went there
addEventListener("pageshow", (event) => { if (event.persisted) goBack(); }); // kept whole by the browser

// --- tables are open for those without scripts; the charts say the same
for (const table of document.querySelectorAll("figure[data-chart] > details.data[open]")) table.open = table.querySelector(".free") !== null;

// --- phones: facets begin closed
const facets = document.querySelector("#facets");
if (facets && matchMedia("(max-width: 860px)").matches) facets.open = false;

// --- choices that act at once
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
}

// --- a sent mail is shown as tall as it is
for (const frame of document.querySelectorAll("iframe.mailframe")) {
  const fit = () => {
    const inside = frame.contentDocument?.documentElement;
    if (inside) frame.style.height = `${inside.offsetHeight + 4}px`;
  };
  frame.addEventListener("load", fit);
  addEventListener("resize", fit);
  if (frame.contentDocument?.readyState === "complete") fit();
}

// --- news: ask now and then how many there are; show a line, never move the page
const fresh = document.querySelector("#fresh");
if (fresh) {
  const { url, total } = fresh.dataset;
  const button = fresh.querySelector("button");
  const title = document.title;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(url, { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const more = (await answer.json()).total - Number(total);
      if (more < 1) return;
      button.textContent = `${more} new ${more === 1 ? "mention" : "mentions"}: show`;
      button.hidden = false;
      document.title = `(${more}) ${title}`;
    } catch { /* the server is away for a moment: asked again in a few seconds */ }
  };
  button.addEventListener("click", () => location.reload());
  setInterval(ask, 5000);
  document.addEventListener("visibilitychange", ask);
}
