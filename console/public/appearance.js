// Before anything is painted: the look that somebody chose, so that no page flashes.
try {
  var choices = { theme: ["light", "dark"], density: ["compact"] };
  for (var name in choices) {
    var value = localStorage.getItem("caracal." + name);
    if (choices[name].indexOf(value) >= 0) document.documentElement.dataset[name] = value;
  }
} catch (_) {}
