#include "herd/program/change_json.hpp"

#include "herd/web/position_json.hpp"
#include "protocol/json_text.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/text_writer.hpp"
#include "protocol/tokens.hpp"

#include <cassert>
#include <charconv>
#include <variant>

namespace herd::program {

namespace {

void put(protocol::TextWriter& json, std::string_view key, std::string_view value) {
    json.put(key);
    protocol::put_json_text(json, value);
}

}  // namespace

std::string change_json(std::string_view line) {
    // Each byte stands there once, at worst as six.
    std::string buffer(web::position_size_max(line.size()) + 64, '\0');
    protocol::TextWriter json(buffer);
    protocol::Tokens fields(line);
    const std::string_view word = fields.next();
    put(json, R"({"event":)", word == "NOW" ? "now" : word == "GONE" ? "gone" : "follow");
    if (word == "FOLLOW") put(json, R"(,"server":)", fields.next());
    json.put(R"(,"number":)");
    const std::string_view text = fields.next();
    unsigned number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    json.put_decimal(number);
    if (word == "GONE") put(json, R"(,"client":)", fields.next());
    if (word == "NOW") {
        const auto message = protocol::parse_peer_message(fields.rest());
        const auto* const at = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        if (at != nullptr) {
            json.put(',');
            web::put_position_members(json, *at);
        }
    }
    json.put('}');
    assert(!json.overflowed());
    buffer.resize(json.size());
    return buffer;
}

}  // namespace herd::program
