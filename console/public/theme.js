// Before anything is painted: the theme somebody chose, so that no page flashes.
try {
  var theme = localStorage.getItem("caracal.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch (_) {}
