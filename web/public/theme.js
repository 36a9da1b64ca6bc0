// Sets the theme before the first paint. A file of its own because the content policy allows no inline script.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('muster.theme');
  } catch {
    // Storage is blocked: the system decides.
  }
  var light =
    chosen === 'light' || (chosen !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches);
  document.documentElement.dataset.theme = light ? 'light' : 'dark';
})();
