// Draws the page's charts from the specifications it carries; a click leads to the mentions behind what was clicked.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

const showTip = (_, event, item) => {
  const text = item?.datum?.tip;
  tip.hidden = !text || event.type === "mouseout";
  if (tip.hidden) return;
  tip.textContent = text;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${event.clientY + height + 24 > innerHeight ? event.clientY - height - 12 : event.clientY + 16}px`;
};

const draw = async (figure) => {
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const place = figure.querySelector(".chart");
  const columns = (spec.layer ?? []).flatMap((layer) => layer.data?.values ?? []).filter((one) => one.url);
  const urls = new Map(columns.map((one) => [one.at, one.url]));
  const { view } = await window.vegaEmbed(place, spec, {
    ast: true, // expressions are interpreted: nothing is evaluated, so the policy needs no unsafe-eval
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    tooltip: showTip,
  });
  view.addEventListener("mousemove", (event, item) => showTip(null, event, item));
  view.addEventListener("mouseout", () => { tip.hidden = true; });
  view.addEventListener("click", (event, item) => {
    const url = item?.datum?.url ?? urls.get(Number(item?.datum?.at));
    if (!url) return;
    if (event.ctrlKey || event.metaKey) open(url, "_blank", "noopener");
    else location.assign(url);
  });
  place.setAttribute("aria-hidden", "true"); // the table below says the same, in words and links
  figure.classList.add("drawn");
};

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  draw(figure).catch((error) => {
    figure.querySelector(".chart").textContent = "The chart could not be drawn; the table below holds its numbers.";
    figure.querySelector("details")?.setAttribute("open", "");
    console.error(error);
  });
}
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
