#include "herd/gps/fix.hpp"

#include "protocol/any_time.hpp"
#include "protocol/decimal.hpp"
#include "protocol/degrees.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/text_writer.hpp"

#include <cassert>

namespace herd::gps {

namespace {

using protocol::Decimal;
using protocol::JsonScanner;
using Token = JsonScanner::Token;

enum class Member : std::uint8_t { other, kind, mode, time, latitude, longitude };

Member member_of(std::string_view name) {
    if (name == "class") return Member::kind;
    if (name == "mode") return Member::mode;
    if (name == "time") return Member::time;
    if (name == "lat") return Member::latitude;
    return name == "lon" ? Member::longitude : Member::other;
}

// What the members of one object have said. Of two of one name the last counts; one that is of
// another type says nothing.
class Said {
public:
    void set(Member member, std::string_view text, bool is_text) {
        switch (member) {
            case Member::kind:
                is_position_ = is_text && text == "TPV";
                return;
            case Member::mode:
                has_place_ = !is_text && is_place(text);
                return;
            case Member::time:
                time_ = is_text ? protocol::parse_any_time(text) : std::nullopt;
                return;
            case Member::latitude:
                latitude_ = is_text ? std::nullopt : degrees(text, 90);
                return;
            case Member::longitude:
                longitude_ = is_text ? std::nullopt : degrees(text, 180);
                return;
            case Member::other:
                return;
        }
    }
    std::optional<Fix> fix() const {
        const bool whole = is_position_ && has_place_ && time_ && latitude_ && longitude_;
        if (!whole || time_->nanoseconds <= 0) return std::nullopt;
        return Fix{*time_, *latitude_, *longitude_};
    }

private:
    static bool is_place(std::string_view mode) {
        const auto number = Decimal::parse(mode);
        return number && !number->negative() && number->scaled(0).value_or(0) >= 2;
    }
    // What is no number, as a literal is not, is none.
    static std::optional<std::int64_t> degrees(std::string_view text, std::int64_t most) {
        const auto number = Decimal::parse(text);
        return number ? protocol::round_degrees(*number, most) : std::nullopt;
    }

    bool is_position_ = false;
    bool has_place_ = false;
    std::optional<protocol::PosixTime> time_;
    std::optional<std::int64_t> latitude_, longitude_;
};

}  // namespace

std::optional<Fix> read_fix(std::string_view line) {
    JsonScanner scanner;
    Said said;
    Member member = Member::other;
    std::size_t depth = 0;
    while (!line.empty()) {
        const auto fed = scanner.feed(line);
        line.remove_prefix(fed.consumed);
        switch (fed.token) {
            case Token::none:
                break;
            case Token::object:
            case Token::array:
                if (depth == 1) said.set(member, {}, true);
                ++depth;
                member = Member::other;
                break;
            case Token::object_end:
            case Token::array_end:
                --depth;
                member = Member::other;
                break;
            case Token::name:
                member = depth == 1 && !scanner.cut() ? member_of(scanner.text()) : Member::other;
                break;
            case Token::text:
            case Token::number:
            case Token::literal:
                if (depth == 1) {
                    const std::string_view text = scanner.cut() ? "" : scanner.text();
                    said.set(member, text, fed.token == Token::text);
                }
                break;
            case Token::broken:
                return std::nullopt;
        }
    }
    if (scanner.finish() != Token::none) return std::nullopt;
    return said.fix();
}

std::string_view write_report(std::span<char> out, std::string_view id, const Fix& fix) {
    protocol::TextWriter text(out);
    text.put("IAMAT ");
    text.put(id);
    text.put(' ');
    protocol::put_degrees(text, fix.latitude, 2);
    protocol::put_degrees(text, fix.longitude, 3);
    text.put(' ');
    protocol::put_seconds(text, fix.time);
    assert(!text.overflowed());
    return text.text();
}

}  // namespace herd::gps
