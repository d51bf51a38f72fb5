#include "herd/phones/check_page.hpp"

#include "protocol/percent.hpp"

#include <cassert>

namespace herd::phones {

namespace {

using protocol::TextWriter;

constexpr std::string_view page_begin =
    "<!doctype html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"refresh\" content=\"10\">\n"
    "<title>herd: phone</title>\n"
    "<style>body{font:1rem/1.4 system-ui,sans-serif;margin:1rem auto;max-width:60rem;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}"
    "h1{font-size:1.4rem}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid #8888}td:first-child{min-width:8rem;overflow-wrap:anywhere}</style>\n"
    "</head><body>\n<h1>What came with this token</h1>\n";
constexpr std::string_view nothing_came =
    "<p>Nothing, since this server has started. If the app says that it has sent something: is it "
    "the address of this server, with <code>http</code> or <code>https</code> as it is here, and "
    "is it this token, whole?</p>\n";
constexpr std::string_view table_begin =
    "<table><thead><tr><th>Client</th><th>What became of it</th><th>Last came</th>"
    "<th>Its time then</th><th>How often</th><th>Is now at</th></tr></thead><tbody>\n";
constexpr std::string_view table_end = "</tbody></table>\n";
constexpr std::string_view page_end =
    "<p>The latest first, at most 10, as this server has seen it; the page loads itself again "
    "every "
    "10 seconds. What each means stands in docs/phones.md.</p>\n</body></html>\n";

// Text of somebody else's: whatever it is, it is text.
void put_text(TextWriter& out, std::string_view text) {
    for (const char byte : text) {
        switch (byte) {
            case '&':
                out.put("&amp;");
                break;
            case '<':
                out.put("&lt;");
                break;
            case '>':
                out.put("&gt;");
                break;
            case '"':
                out.put("&#34;");
                break;
            case '\'':
                out.put("&#39;");
                break;
            case '%':
                out.put('%');  // As the client is called everywhere.
                break;
            default:
                protocol::put_percent(out, {&byte, 1});
        }
    }
}

// "12 s", "3 min", "2 h", "5 days".
void put_span(TextWriter& out, std::uint64_t seconds) {
    struct Unit {
        std::uint64_t seconds, until;
        std::string_view name;
    };
    constexpr Unit units[] = {
        {1, 120, " s"}, {60, 7200, " min"}, {3600, 172'800, " h"}, {86'400, 0, " days"}};
    for (const Unit& unit : units) {
        if (unit.until != 0 && seconds >= unit.until) continue;
        out.put_decimal(seconds / unit.seconds);
        return out.put(unit.name);
    }
}

void put_before(TextWriter& out, std::int64_t earlier_ns, std::int64_t later_ns) {
    // Of any two times: they may lie further apart than 64 bits can say.
    const std::int64_t apart_s = later_ns / second_ns - earlier_ns / second_ns;
    if (apart_s == 0) return out.put("the same second");
    put_span(out, TextWriter::magnitude(apart_s));
    out.put(apart_s > 0 ? " before" : " ahead");
}

}  // namespace

std::string_view CheckPage::write(std::span<const Notebook::Line> lines,
                                  const access::Grant& grant,
                                  std::int64_t now_ns) {
    TextWriter out(page_);
    out.put(page_begin);
    if (lines.empty()) {
        out.put(nothing_came);
    } else {
        out.put(table_begin);
        for (const Notebook::Line& line : lines) put_line(out, line, grant, now_ns);
        out.put(table_end);
    }
    out.put(page_end);
    assert(!out.overflowed());
    return out.text();
}

void CheckPage::put_line(TextWriter& out,
                         const Notebook::Line& line,
                         const access::Grant& grant,
                         std::int64_t now_ns) const {
    out.put("<tr><td>");
    put_text(out, line.client());
    if (line.cut) out.put("...");
    out.put("</td><td>");
    out.put(line.fate);
    out.put("</td><td>");
    const std::int64_t ago_s = (now_ns - line.at_ns) / second_ns;
    put_span(out, ago_s < 0 ? 0 : static_cast<std::uint64_t>(ago_s));
    out.put(" ago</td><td>");
    if (line.time_ns != 0) put_before(out, line.time_ns, line.at_ns);
    out.put("</td><td>");
    out.put_decimal(line.count);
    out.put("</td><td>");
    put_place(out, line, grant, now_ns);
    out.put("</td></tr>\n");
}

// Where it is by now, whoever has said so.
void CheckPage::put_place(TextWriter& out,
                          const Notebook::Line& line,
                          const access::Grant& grant,
                          std::int64_t now_ns) const {
    if (line.cut || !grant.allows(line.client(), access::Right::ask)) return;
    const table::Record* const record = core_.table.find(line.client());
    if (record == nullptr || core_.expired(record->effective_ns, now_ns)) return;
    const std::string_view location = core_.table.location(*record);
    constexpr std::size_t shown_max = 32;
    if (location.size() <= shown_max) out.put(location);
}

}  // namespace herd::phones
