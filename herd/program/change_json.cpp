#include "herd/program/change_json.hpp"

#include "protocol/iso6709.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/tokens.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>
#include <variant>

namespace herd::program {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer,
                                 rapidjson::UTF8<>,
                                 rapidjson::ASCII<>,
                                 rapidjson::CrtAllocator,
                                 rapidjson::kWriteValidateEncodingFlag>;

void put(Writer& json, const char* key, std::string_view value) {
    json.Key(key);
    const auto size = static_cast<rapidjson::SizeType>(value.size());
    if (json.String(value.data(), size)) return;
    std::string plain(value);
    for (char& each : plain) {
        if (each < ' ') each = '?';
    }
    json.String(plain.data(), size);
}

void put_place(Writer& json, const protocol::AtLine& at) {
    const auto place = protocol::parse_iso6709(at.location);
    put(json, "client", at.client);
    put(json, "server", at.server);
    json.Key("latitude");
    json.Double(place ? place->latitude : 0);
    json.Key("longitude");
    json.Double(place ? place->longitude : 0);
    put(json, "time", at.time_text);
}

}  // namespace

std::string change_json(std::string_view line) {
    protocol::Tokens fields(line);
    const std::string_view word = fields.next();
    rapidjson::StringBuffer buffer;
    Writer json(buffer);
    json.StartObject();
    put(json, "event", word == "NOW" ? "now" : word == "GONE" ? "gone" : "follow");
    if (word == "FOLLOW") put(json, "server", fields.next());
    unsigned number = 0;
    const std::string_view text = fields.next();
    std::from_chars(text.data(), text.data() + text.size(), number);
    json.Key("number");
    json.Uint(number);
    if (word == "GONE") put(json, "client", fields.next());
    if (word == "NOW") {
        const auto message = protocol::parse_peer_message(fields.rest());
        const auto* const at = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        if (at != nullptr) put_place(json, *at);
    }
    json.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace herd::program
