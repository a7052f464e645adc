// Sets the chosen theme before anything is drawn, and tells the server the reader's time zone.
(() => {
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
  if (isKept && !isAsked && root.dataset.zone !== zone) location.reload();
})();
