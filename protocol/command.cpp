#include "protocol/command.hpp"

#include "protocol/digits.hpp"
#include "protocol/iso6709.hpp"
#include "protocol/text_writer.hpp"
#include "protocol/tokens.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

namespace protocol {
namespace {

// Digits only, none missing. Nothing beyond `limit`, however long.
std::optional<std::uint32_t> parse_whole(std::string_view text, std::uint32_t limit) {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char byte : text) {
        if (!is_digit(byte)) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(byte - '0');
        if (value > limit) return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

// Kilometres without a sign, as millimetres. A fraction finer than that still counts against the
// limit: 50.0000001 is beyond it.
std::optional<std::uint32_t> parse_radius(std::string_view text) {
    constexpr std::uint32_t kilometre = 1'000'000;
    const std::size_t point = text.find('.');
    const auto kilometres = parse_whole(text.substr(0, point), radius_mm_max / kilometre);
    if (!kilometres) return std::nullopt;
    if (point == std::string_view::npos) return *kilometres * kilometre;

    const std::string_view decimals = text.substr(point + 1);
    if (decimals.empty()) return std::nullopt;
    std::uint32_t fraction = 0;
    std::uint32_t scale = kilometre;
    bool is_zero = true;
    for (const char byte : decimals) {
        if (!is_digit(byte)) return std::nullopt;
        is_zero &= byte == '0';
        scale /= 10;
        fraction += static_cast<std::uint32_t>(byte - '0') * scale;
    }
    const std::uint32_t radius = *kilometres * kilometre + fraction;
    if (radius > radius_mm_max || (radius == radius_mm_max && !is_zero)) return std::nullopt;
    return radius;
}

// Each field is written where the caller has it at the end: this is what most lines are, and copies
// of what has just been written are slow.
std::optional<Malformed> read(Tokens fields, IamAt& report) {
    const auto fault = [&](Malformed what) {
        return fields.front().empty() ? Malformed::operand_count : what;
    };
    report.client = fields.next();
    report.location = fields.take(read_iso6709(fields.front(), report.spot));
    if (report.location.empty()) return fault(Malformed::location);
    report.time_text = fields.take(read_posix_time(fields.front(), report.time));
    if (report.time_text.empty()) return fault(Malformed::time);
    if (!fields.front().empty()) return Malformed::operand_count;
    const bool plain =
        one_blank(report.client, report.location) && one_blank(report.location, report.time_text);
    if (plain) report.tail = span_of(report.client, report.time_text);
    return std::nullopt;
}

std::expected<Command, Malformed> parse_iam_at(Tokens fields) {
    std::expected<Command, Malformed> command(std::in_place, std::in_place_type<IamAt>);
    const auto fault = read(fields, *std::get_if<IamAt>(&*command));
    if (fault) command = std::unexpected(*fault);
    return command;
}

// Of WHATSAT and NEARBY: whom or what it is about, how far around that, and how many to tell.
struct Around {
    std::string_view what;
    std::uint32_t radius_mm;
    std::uint32_t bound;
};

std::expected<Around, Malformed> parse_around(Tokens fields, std::uint32_t most) {
    const std::string_view what = fields.next();
    const std::string_view radius_text = fields.next();
    const std::string_view bound_text = fields.next();
    if (bound_text.empty() || !fields.next().empty()) {
        return std::unexpected(Malformed::operand_count);
    }
    const auto radius = parse_radius(radius_text);
    if (!radius) return std::unexpected(Malformed::radius);
    const auto bound = parse_whole(bound_text, most);
    if (!bound) return std::unexpected(Malformed::bound);
    return Around{what, *radius, *bound};
}

std::expected<Command, Malformed> parse_whats_at(Tokens fields) {
    const auto around = parse_around(fields, bound_max);
    if (!around) return std::unexpected(around.error());
    return WhatsAt{around->what, around->radius_mm, around->bound};
}

std::expected<Command, Malformed> parse_nearby(Tokens fields) {
    const auto around = parse_around(fields, nearby_bound_max);
    if (!around) return std::unexpected(around.error());
    const auto [what, radius_mm, bound] = *around;
    if (const auto centre = parse_iso6709(what)) return Nearby{{}, *centre, radius_mm, bound};
    return Nearby{what, {}, radius_mm, bound};
}

std::expected<Command, Malformed> parse_sync(Tokens fields) {
    if (!fields.next().empty()) return std::unexpected(Malformed::operand_count);
    return Sync{};
}

std::expected<Command, Malformed> parse_auth(Tokens fields) {
    const std::string_view pattern = fields.next();
    const std::string_view token = fields.next();
    if (token.empty() || !fields.next().empty()) return std::unexpected(Malformed::operand_count);
    return Auth{pattern, token};
}

// What reads as a location is one: no client has such a name.
std::expected<Command, Malformed> parse_follow(Tokens fields) {
    const std::string_view whom = fields.next();
    const std::string_view radius_text = fields.next();
    if (whom.empty() || !fields.next().empty()) return std::unexpected(Malformed::operand_count);
    Follow follow;
    if (read_iso6709(whom, follow.centre) != whom.size()) {
        if (!radius_text.empty()) return std::unexpected(Malformed::location);
        follow.client = whom;
        return follow;
    }
    if (radius_text.empty()) return std::unexpected(Malformed::operand_count);
    const auto radius = parse_radius(radius_text);
    if (!radius) return std::unexpected(Malformed::radius);
    follow.radius_mm = *radius;
    return follow;
}

std::expected<Command, Malformed> parse_unfollow(Tokens fields) {
    const std::string_view text = fields.next();
    if (text.empty() || !fields.next().empty()) return std::unexpected(Malformed::operand_count);
    const auto number = parse_whole(text, UINT16_MAX);
    if (!number) return std::unexpected(Malformed::bound);
    return Unfollow{static_cast<std::uint16_t>(*number)};
}

}  // namespace

std::expected<Command, Malformed> parse_command(std::string_view line) {
    Tokens fields(line);
    const std::string_view name = fields.next();
    if (name == "IAMAT") return parse_iam_at(fields);
    if (name == "WHATSAT") return parse_whats_at(fields);
    if (name == "NEARBY") return parse_nearby(fields);
    if (name == "SYNC") return parse_sync(fields);
    if (name == "AUTH") return parse_auth(fields);
    if (name == "FOLLOW") return parse_follow(fields);
    if (name == "UNFOLLOW") return parse_unfollow(fields);
    return std::unexpected(Malformed::unknown_command);
}

std::string_view client_of(const Command& command) {
    if (const auto* iamat = std::get_if<IamAt>(&command)) return iamat->client;
    if (const auto* whatsat = std::get_if<WhatsAt>(&command)) return whatsat->client;
    if (const auto* nearby = std::get_if<Nearby>(&command)) return nearby->client;
    if (const auto* follow = std::get_if<Follow>(&command)) return follow->client;
    static_assert(std::variant_size_v<Command> == 7, "the others are about nobody");
    return {};
}

std::string_view format(std::span<char> out, const SyncAnswer& answer) {
    TextWriter writer(out);
    writer.put("SYNC ");
    writer.put(answer.server);
    writer.put(' ');
    writer.put_decimal(answer.live);
    writer.put(' ');
    writer.put_decimal(answer.configured);
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const AuthAnswer& answer) {
    assert(answer.until_s >= 0);
    TextWriter writer(out);
    writer.put("AUTH ");
    writer.put(answer.server);
    writer.put(' ');
    writer.put(answer.pattern);
    writer.put(' ');
    writer.put(answer.rights);
    writer.put(' ');
    writer.put_decimal(static_cast<std::uint64_t>(answer.until_s));
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const NearbyAnswer& answer) {
    TextWriter writer(out);
    writer.put("NEARBY ");
    writer.put(answer.server);
    writer.put(' ');
    writer.put_decimal(answer.count);
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format_near(std::span<char> out, std::uint32_t distance_mm) {
    constexpr std::uint32_t metre = 1000;
    TextWriter writer(out);
    writer.put("NEAR ");
    writer.put_decimal(distance_mm / metre);
    writer.put('.');
    writer.put_decimal(distance_mm % metre, 3);
    writer.put(' ');
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace protocol
