#include "herd/web/position_json.hpp"

#include "protocol/json_text.hpp"

#include <cassert>
#include <string_view>

namespace herd::web {

namespace {

// Half of a location, "+007.5" or "-.5" or "+7.", as JSON has numbers: "7.5", "-0.5" and "7".
void put_degrees(protocol::TextWriter& out, std::string_view text) {
    assert(text.size() >= 2);
    if (text.front() == '-') out.put('-');
    text.remove_prefix(1);
    while (text.size() > 1 && text.front() == '0' && text[1] != '.') text.remove_prefix(1);
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.front() == '.') out.put('0');
    out.put(text);
}

}  // namespace

void put_position(protocol::TextWriter& out,
                  std::string_view at_line,
                  const protocol::AtLine& line) {
    out.put('{');
    put_position_members(out, line);
    out.put(R"(,"at":)");
    protocol::put_json_text(out, at_line);
    out.put('}');
}

void put_position_members(protocol::TextWriter& out, const protocol::AtLine& line) {
    const std::size_t half = line.location.find_first_of("+-", 1);
    assert(half != std::string_view::npos);
    out.put(R"("client":)");
    protocol::put_json_text(out, line.client);
    out.put(R"(,"latitude":)");
    put_degrees(out, line.location.substr(0, half));
    out.put(R"(,"longitude":)");
    put_degrees(out, line.location.substr(half));
    out.put(R"(,"time":)");
    protocol::put_json_text(out, line.time_text);
    out.put(R"(,"server":)");
    protocol::put_json_text(out, line.server);
}

}  // namespace herd::web
