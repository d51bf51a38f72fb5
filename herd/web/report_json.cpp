#include "herd/web/report_json.hpp"

#include "protocol/decimal.hpp"
#include "protocol/text_writer.hpp"
#include "protocol/tokens.hpp"

#include <rapidjson/allocators.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace herd::web {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// RapidJSON names the functions that it calls.
// NOLINTBEGIN(readability-identifier-naming)

// Takes the members of one flat object; false stops the reader.
class Members {
public:
    bool StartObject() { return !std::exchange(begun_, true) || refuse("an object in an object"); }
    static bool EndObject(rapidjson::SizeType) { return true; }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        const std::string_view name(text, size);
        for (Member& each : members_) {
            if (each.name != name) continue;
            if (each.set) return refuse("a member stands there twice");
            current_ = &each;
            return true;
        }
        return refuse("members are client, latitude, longitude and time");
    }
    bool String(const char* text, rapidjson::SizeType size, bool) { return set({text, size}); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) { return set({text, size}); }
    bool Null() { return refuse("null is no value"); }
    bool Bool(bool) { return refuse("true and false are no values"); }
    bool StartArray() { return refuse("a list is no value"); }
    static bool EndArray(rapidjson::SizeType) { return false; }
    // Numbers come as their text.
    static bool Int(int) { return false; }
    static bool Uint(unsigned) { return false; }
    static bool Int64(std::int64_t) { return false; }
    static bool Uint64(std::uint64_t) { return false; }
    static bool Double(double) { return false; }

    std::string_view client() const { return members_[0].text; }
    std::string_view latitude() const { return members_[1].text; }
    std::string_view longitude() const { return members_[2].text; }
    std::string_view time() const { return members_[3].text; }
    bool has_time() const { return members_[3].set; }
    std::string_view fault() const { return fault_; }

private:
    struct Member {
        std::string_view name;
        std::string_view text = {};
        bool set = false;
    };

    bool set(std::string_view text) {
        if (current_ == nullptr) return refuse("it is no object");
        current_->text = text;
        current_->set = true;
        return true;
    }
    bool refuse(std::string_view why) {
        fault_ = why;
        return false;
    }

    std::array<Member, 4> members_{{{"client"}, {"latitude"}, {"longitude"}, {"time"}}};
    Member* current_ = nullptr;
    bool begun_ = false;
    std::string_view fault_;
};

// NOLINTEND(readability-identifier-naming)

bool is_field(std::string_view text) {
    return !text.empty() && std::ranges::none_of(text, protocol::is_space);
}

void put_now(protocol::TextWriter& out, std::int64_t now_ns) {
    assert(now_ns >= 0);
    out.put_decimal(static_cast<std::uint64_t>(now_ns / second_ns));
    out.put('.');
    out.put_decimal(static_cast<std::uint64_t>(now_ns % second_ns), 9);
}

}  // namespace

std::expected<std::string_view, std::string_view> line_of_json(std::span<char> body,
                                                               std::int64_t now_ns,
                                                               std::span<char> out) {
    using Pool = rapidjson::MemoryPoolAllocator<>;
    std::array<char, 512> memory;  // NOLINT(*-member-init): the pool's
    Pool pool(memory.data(), memory.size());
    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, Pool> reader(&pool, 64);
    std::fill_n(body.data() + body.size(), json_body_padding, '\0');
    rapidjson::InsituStringStream source(body.data());
    Members members;
    // The reader calls itself for what is nested: Members stops it at the second level.
    constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    const bool failed = reader.Parse<flags>(source, members).IsError();
    if (!members.fault().empty()) return std::unexpected(members.fault());
    if (failed || source.Tell() != body.size()) return std::unexpected("it is no JSON");

    if (!is_field(members.client())) {
        return std::unexpected("client must be a text without blanks");
    }
    const auto latitude = protocol::Decimal::parse(members.latitude());
    if (!latitude) return std::unexpected("latitude must be a number of degrees");
    const auto longitude = protocol::Decimal::parse(members.longitude());
    if (!longitude) return std::unexpected("longitude must be a number of degrees");
    const auto time = protocol::Decimal::parse(members.time());
    if (members.has_time() && !time) return std::unexpected("time must be a number of seconds");

    protocol::TextWriter line(out);
    line.put("IAMAT ");
    line.put(members.client());
    line.put(' ');
    latitude->write_degrees(line, 2);
    longitude->write_degrees(line, 3);
    line.put(' ');
    if (time) {
        if (time->negative()) line.put('-');
        time->write(line, 1, 9);
    } else {
        put_now(line, now_ns);
    }
    if (line.overflowed()) return std::unexpected("it is too long");
    return line.text();
}

}  // namespace herd::web
