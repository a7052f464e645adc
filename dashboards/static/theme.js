// Sets the chosen theme before anything is drawn, and tells the server the reader's time zone. A reader whose clock shows
// something else than the page was made for gets it anew, once for each browser; no header says it beforehand.
(() => {
  const isSameClock = (one, other) => {
    const time = (at, timeZone) => new Date(at).toLocaleString("sv", { timeZone });
    try {
      return [...Array(14).keys()].every((month) => {
        const at = Date.now() - month * 28 * 86400e3;
        return time(at, one) === time(at, other);
      });
    } catch { return one === other; } // a zone that this browser does not know
  };

  const root = document.documentElement;
  root.classList.add("js");
  let chosen = null;
  try { chosen = localStorage.getItem("earshot-theme"); } catch { /* storage may be forbidden: the system's theme holds */ }
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").find((part) => part.startsWith("earshot_tz="));
  if (!zone || known === `earshot_tz=${zone}`) return;
  document.cookie = `earshot_tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  const isKept = document.cookie.includes(`earshot_tz=${zone}`);
  const isAsked = new URLSearchParams(location.search).has("tz");
  if (isKept && !isAsked && location.pathname !== "/sign-in" && !isSameClock(zone, root.dataset.zone)) location.reload();
})();
