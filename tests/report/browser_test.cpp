// The pages in a real browser: headless Chromium loads each in frames as wide as a telephone and as a screen, and a
// script beside them (never in them) reports what is wrong.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catch.h"
#include "cli/shell.h"
#include "oracle/small_programs.h"
#include "tinyc/report.h"

namespace tinyc {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLook = R"(<!DOCTYPE html><title>look</title><body><script>
const complaints = [];
async function look(page, width) {
  const frame = document.createElement('iframe');
  frame.style = 'border:0;height:800px;width:' + width + 'px';
  document.body.append(frame);
  await new Promise(loaded => { frame.onload = loaded; frame.src = page; });
  const d = frame.contentDocument, all = s => [...d.querySelectorAll(s)];
  const say = what => complaints.push(page + ' at ' + width + ': ' + what);
  if (d.documentElement.scrollWidth > width) say('scrolls sideways to ' + d.documentElement.scrollWidth);
  for (const e of all('svg')) if (!e.getAttribute('aria-label') || e.getAttribute('role') != 'img') say('unlabelled svg');
  for (const e of all('th')) if (!e.scope) say('th without scope');
  for (const e of all('table')) if (!e.getAttribute('aria-label')) say('unlabelled table');
  const ids = all('[id]').map(e => e.id);
  if (new Set(ids).size != ids.length) say('an id twice');
  for (const e of all('a')) if (!ids.includes(e.getAttribute('href').slice(1))) say('dead link ' + e.getAttribute('href'));
  if (all('script,link,img,iframe,object,embed').length) say('loads something');
  for (const column of all('.layers thead a')) {
    frame.contentWindow.location.hash = column.hash;
    await new Promise(done => setTimeout(done, 20));
    const rows = all('.layers tbody tr'), order = column.hash.replace('#by-', '--');
    rows.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
    if (rows.some((r, i) => r.style.getPropertyValue(order) != i)) say('not sorted ' + column.hash);
  }
  for (const e of all('.layers details')) {
    const before = e.offsetHeight;
    e.open = true;
    if (e.offsetHeight <= before) say('a layer does not unfold');
  }
  if (d.documentElement.scrollWidth > width) say('scrolls sideways when unfolded');
  frame.remove();
}
(async () => {
  const pages = PAGES;
  for (const page of pages) for (const width of [360, 1280]) await look(page, width);
  document.body.innerText = complaints.join('\n') + '\nlooked at ' + pages.length + ' pages';
})();
</script>)";

std::string browser() {
  for (const char* name : {"chromium", "chromium-browser", "chromium-headless-shell", "google-chrome"})
    if (std::system((std::string("command -v ") + name + " >/dev/null 2>&1").c_str()) == 0) return name;
  return {};
}

/// What the browser says of pages in `dir`: complaints, one a line, and what stood on the console.
std::string looked_at(const fs::path& dir, const std::string& chromium, const std::vector<std::string>& pages) {
  std::string list;
  for (const auto& page : pages) list += (list.empty() ? "['" : ",'") + page + "'";
  std::string look = kLook;
  look.replace(look.find("PAGES"), 5, list + "]");
  std::ofstream(dir / "look.html") << look;
  const Ran r = shell_run(dir, "HOME=\"$PWD\" timeout 300 " + chromium +
                                   " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                                   "--user-data-dir=\"$PWD/profile\" --allow-file-access-from-files "
                                   "--enable-logging=stderr --virtual-time-budget=60000 --dump-dom "
                                   "\"file://$PWD/look.html\"");
  std::string said = r.out.substr(0, r.out.find("</body>"));
  const auto body = said.find("<body>");
  said.erase(0, body == std::string::npos ? 0 : body + 6);
  for (auto at = said.find("<br>"); at != std::string::npos; at = said.find("<br>")) said.replace(at, 4, "\n");
  std::istringstream log(r.err);
  for (std::string line; std::getline(log, line);)
    if (line.find("CONSOLE") != std::string::npos) said += "\n" + line;
  return said;
}

TEST_CASE("a browser finds nothing to complain about in the pages of five models") {
  const std::string chromium = browser();
  if (chromium.empty()) {
    WARN("skipped: Chromium is not installed");
    return;
  }
  const Folder f;
  const Program small = oracle::small_program();
  Report r;
  r.model_name = "small";
  describe(small, r);
  std::ofstream(f / "small.html") << to_html(r, small);
  std::vector<std::string> pages{"small.html"};
  const auto compress = [&](const std::string& name, const std::string& args) {
    const Ran ran = tinyc_run("compress " + args + " --emit html -q -o '" + (f / name).string() + "'");
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    pages.push_back(name + "/report.html");
    CHECK(fs::file_size(f / pages.back()) < 300'000);
  };
  compress("fashion", kExample + "fashion.tflite --int8 --calib " + kExample + "calib.npz --calib-samples 50 --eval " +
                          kExample + "eval.npz --preprocess scale=0.00392156862745098");
  REQUIRE(tinyc_run("inspect " + kExample + "fashion.tflite --html '" + (f / "inspect.html").string() + "'").code == 0);
  pages.emplace_back("inspect.html");
  const std::string shared = TINYC_SHARED_DIR "/models/";
  for (const char* model : {"vww_96_int8", "kws_ref_model", "ad01_int8", "pretrainedResnet_quant"}) {
    if (!fs::exists(shared + model + ".tflite")) {
      WARN("skipped: " << shared << model << ".tflite is not there");
      continue;
    }
    compress(model, shared + model + ".tflite --int8");
  }
  for (const auto& page : pages) {
    CAPTURE(page);
    const std::string html = read_text(f / page);
    for (const char* part : {"<script", "http:", "https:", "url(", "@import", "javascript:"})
      CHECK(html.find(part) == std::string::npos);
  }
  CHECK(looked_at(f.path, chromium, pages) == "\nlooked at " + std::to_string(pages.size()) + " pages");
}

TEST_CASE("the browser complains about a page that deserves it") {
  const std::string chromium = browser();
  if (chromium.empty()) {
    WARN("skipped: Chromium is not installed");
    return;
  }
  const Folder f;
  std::ofstream(f / "bad.html")
      << "<!DOCTYPE html><title>bad</title><div id=a style='width:500px'>wide</div><p id=a>"
         "<svg></svg><a href='#none'>x</a><table><tr><th>x</table><script>undefined_()</script>"
         "<table class=layers aria-label=x><thead><tr><th scope=col><a href='#a'>x</a></thead>"
         "<tbody><tr style='--a:1'><td>x<tr style='--a:0'><td>x</table>";
  const std::string said = looked_at(f.path, chromium, {"bad.html"});
  for (const char* complaint : {"bad.html at 360: scrolls sideways", "unlabelled svg", "an id twice", "dead link #none",
                                "th without scope", "unlabelled table", "loads something", "CONSOLE"}) {
    CAPTURE(complaint, said);
    CHECK(said.find(complaint) != std::string::npos);
  }
  CHECK(said.find("at 1280: scrolls sideways") == std::string::npos);
}

}  // namespace
}  // namespace tinyc
