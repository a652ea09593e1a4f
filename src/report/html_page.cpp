#include "report/html_page.h"

#include <cstdio>

#include "report/numbers.h"

namespace tinyc {
namespace {

// Text has a contrast of at least 4.5 on paper, cards and notes in both themes (tests/report/page_test.cpp).
constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ink:#1c2430;--soft:#56637a;--paper:#f6f7f9;--card:#fff;--line:#d8dde4;--before:#8f9bab;--after:#2f6fde;--entropy:#14907a;--bad:#b3311a;--link:#1d5bc7;--warn:#fff4d6}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a5b1c2;--paper:#12161c;--card:#1a2028;--line:#303a47;--before:#6f7c8d;--after:#5f97f5;--entropy:#37c5a5;--bad:#ff9980;--link:#8ab4ff;--warn:#40371c}}
*{box-sizing:border-box}
body{margin:0;padding:2rem 1rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:960px;margin:auto}
h1{font-size:1.7rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:0 0 .2rem;overflow-wrap:anywhere}h3{font-size:1rem;margin:1rem 0 .2rem}
p{margin:.2rem 0 .8rem;color:var(--soft);overflow-wrap:anywhere}
a{color:var(--link)}a:focus-visible,summary:focus-visible,.wide:focus-visible{outline:2px solid var(--link);outline-offset:2px}
nav{font-size:.9rem;margin-top:.9rem}nav a{display:inline-block;margin-right:1rem}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;margin-top:1.1rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:1rem;margin:1.2rem 0 0;padding:0}
.cards>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem}
.cards dt{color:var(--soft);font-size:.85rem}.cards dd{margin:0;color:var(--soft);font-size:.85rem}
.cards b{display:block;font-size:1.45rem;line-height:1.3;color:var(--ink)}
.note{background:var(--warn);color:var(--ink);border-radius:8px;padding:.5rem .8rem;margin-top:.8rem;overflow-wrap:anywhere}
.failed{color:var(--bad);font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}tbody th,tr>th[scope=row]{color:inherit;font-weight:inherit}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td,th{overflow-wrap:anywhere}th[scope=row]{min-width:6em}.layers th[scope=row]{min-width:0}
svg{display:block;width:100%;height:auto}.wide{overflow-x:auto}.wide svg{min-width:680px}
svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg text.small,svg text.value{fill:var(--soft)}
.before{fill:var(--before)}.after{fill:var(--after)}.entropy{fill:var(--entropy)}.bad{fill:var(--bad)}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .35em 0 .9em;vertical-align:-1px}
.key.before{background:var(--before)}.key.after{background:var(--after)}.key.entropy{background:var(--entropy)}.key.bad{background:var(--bad)}
.axis{stroke:var(--soft);stroke-width:1}.bound{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:5 4}.band{fill:var(--bad);opacity:.14}
.v0,.v1,.v2,.v3,.v4,.v5,.v6,.v7{opacity:.78}
.v0{fill:#4c78d8}.v1{fill:#2fa58c}.v2{fill:#d98f2b}.v3{fill:#9a63c9}.v4{fill:#c9577e}.v5{fill:#6f9c3c}.v6{fill:#3f9fc4}.v7{fill:#b0784f}
.scratch{fill:var(--soft);opacity:.75}.frame{fill:none;stroke:var(--soft)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:.9rem}
figure{margin:0;min-width:0}figcaption{font-size:.75rem;line-height:1.35;color:var(--soft);overflow-wrap:anywhere}figcaption b{color:var(--ink);font-weight:600}
summary{cursor:pointer;overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:.4rem 0 .6rem;font-size:.85rem}.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.order{scroll-margin-top:1rem}.layers,.layers thead,.layers tbody{display:flex;flex-direction:column}
.layers tr{display:grid;grid-template-columns:minmax(0,2.2fr) repeat(6,minmax(0,1fr));border-bottom:1px solid var(--line);order:var(--run)}
.layers th,.layers td{border:0}.layers .more{grid-column:1/-1;padding-top:0;color:var(--soft)}
#by-weights:target~.layers tr{order:var(--weights)}#by-bytes:target~.layers tr{order:var(--bytes)}#by-bits:target~.layers tr{order:var(--bits)}#by-macs:target~.layers tr{order:var(--macs)}#by-ram:target~.layers tr{order:var(--ram)}#by-sqnr:target~.layers tr{order:var(--sqnr)}
#by-weights:target~.layers [href="#by-weights"],#by-bytes:target~.layers [href="#by-bytes"],#by-bits:target~.layers [href="#by-bits"],#by-macs:target~.layers [href="#by-macs"],#by-ram:target~.layers [href="#by-ram"],#by-sqnr:target~.layers [href="#by-sqnr"]{font-weight:800;text-decoration-thickness:3px}
@media(max-width:560px){body{padding:1rem .6rem}section{padding:.8rem}table{font-size:.78rem}.layers tr{grid-template-columns:minmax(0,1.6fr) repeat(4,minmax(0,1fr))}.layers .spare{display:none}}
@media print{body{padding:0;background:#fff}section,.cards>div{break-inside:avoid;border-color:#bbb}nav{display:none}.wide svg{min-width:0}details::details-content{content-visibility:visible;block-size:auto}}
)";

}  // namespace

std::string coordinate(double v) {
  std::string s = decimals(v, 2);
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.') s.pop_back();
  return s == "-0" ? "0" : s;
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char ch : text) {
    const auto u = static_cast<unsigned char>(ch);
    switch (ch) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (u < 0x20 || u >= 0x7f) {
          char hex[8];
          std::snprintf(hex, sizeof hex, "\\x%02X", u);
          out += hex;
        } else {
          out += ch;
        }
    }
  }
  return out;
}

std::string section(const std::string& title, const std::string& lead, const std::string& body, const std::string& id) {
  return "<section" + (id.empty() ? "" : " id=\"" + id + "\"") + "><h2>" + escape(title) + "</h2>" +
         (lead.empty() ? "" : "<p>" + lead + "</p>") + "\n" + body + "</section>\n";
}

std::string card(const std::string& what, const std::string& value, const std::string& detail) {
  return "<div><dt>" + escape(what) + "</dt><dd><b>" + escape(value) + "</b>" + escape(detail) + "</dd></div>\n";
}

void Sections::add(const std::string& id, const std::string& title, const std::string& lead, const std::string& body) {
  if (body.empty()) return;
  links_ += "<a href=\"#" + id + "\">" + escape(title) + "</a>\n";
  bodies_ += section(title, lead, body, id);
}

std::string Sections::html() const { return "<nav aria-label=\"Sections\">\n" + links_ + "</nav>\n" + bodies_; }

void Table::row(const std::vector<std::string>& cells) {
  rows_ += "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool head = i == 0 && !columns_[0].name.empty();
    const char* tag = head ? "th" : "td";
    rows_ += std::string("<") + tag + (columns_[i].number ? " class=\"n\"" : "") + (head ? " scope=\"row\"" : "") +
             ">" + cells[i] + "</" + tag + ">";
  }
  rows_ += "</tr>\n";
}

std::string Table::html() const {
  if (rows_.empty()) return {};
  std::string head;
  for (const Column& c : columns_)
    head += c.name.empty()
                ? "<td></td>"
                : std::string("<th scope=\"col\"") + (c.number ? " class=\"n\"" : "") + ">" + escape(c.name) + "</th>";
  return "<table aria-label=\"" + escape(label_) + "\"><thead><tr>" + head + "</tr></thead><tbody>\n" + rows_ +
         "</tbody></table>\n";
}

std::string page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width,initial-scale=1\">\n<title>" +
         escape(title) + "</title>\n<style>" + kStyle + "</style></head>\n<body><main>\n" + body +
         "</main></body></html>\n";
}

}  // namespace tinyc
