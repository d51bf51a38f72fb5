// A report as JSON: whatever comes, it is refused with a reason, or is a line with the fields of a
// report; and what that is answered as JSON is JSON again.
#include "herd/web/position_json.hpp"
#include "herd/web/report_json.hpp"
#include "protocol/command.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/tokens.hpp"

#include <rapidjson/document.h>

#include <cassert>
#include <cstdint>
#include <string>
#include <variant>

namespace report_json_fuzz {

namespace {

constexpr std::int64_t now_ns = 1'520'023'934'000'000'000;

std::size_t fields(std::string_view line) {
    protocol::Tokens tokens(line);
    std::size_t count = 0;
    while (!tokens.next().empty()) ++count;
    return count;
}

void check_answer(const protocol::IamAt& report) {
    std::string at(protocol::at_line_size_max("A", report), '\0');
    const std::string line(protocol::write_at(at, "A", 5, report).whole);
    const auto message = protocol::parse_peer_message(line);
    assert(message);
    std::string out(herd::web::position_size_max(line.size()), '\0');
    protocol::TextWriter writer(out);
    herd::web::put_position(writer, line, std::get<protocol::AtLine>(*message));
    assert(!writer.overflowed());
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(writer.text().data(), writer.size());
    assert(!document.HasParseError());
    assert(document["latitude"].IsNumber());
    assert(document["longitude"].IsNumber());
    assert(document["at"].IsString());
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    std::string body(reinterpret_cast<const char*>(data), size);
    body.append(herd::web::json_body_padding, '#');
    std::string out(size + herd::web::line_of_json_surplus, '\0');
    const auto line = herd::web::line_of_json({body.data(), size}, now_ns, out);
    if (!line) {
        assert(!line.error().empty());
        return;
    }
    assert(line->starts_with("IAMAT "));
    assert(fields(*line) == 4);
    const auto command = protocol::parse_command(*line);
    if (command) check_answer(std::get<protocol::IamAt>(*command));
}

}  // namespace report_json_fuzz
