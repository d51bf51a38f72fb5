#pragma once

#include "protocol/iso6709.hpp"
#include "protocol/malformed.hpp"
#include "protocol/posix_time.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <variant>

namespace protocol {

constexpr std::uint32_t radius_mm_max = 50'000'000;
constexpr std::uint32_t bound_max = 20;
constexpr std::uint32_t nearby_bound_max = 1000;

// "IAMAT client location time": a client tells where it was and when. The texts are as sent, the
// location in valid ISO 6709.
struct IamAt {
    std::string_view client;
    std::string_view location;
    std::string_view time_text;
    PosixTime time;
    Spot spot = {};  // of the location
    std::string_view tail =
        {};  // all three texts, when single blanks stand between them; else empty
};

// "WHATSAT client radius bound": what is around that client.
struct WhatsAt {
    std::string_view client;
    std::uint32_t
        radius_mm;        // at most radius_mm_max; what is sent in kilometres, cut to millimetres
    std::uint32_t bound;  // at most bound_max; how many places to tell
};

// "NEARBY client radius bound", or with a location in place of the client: who is around there.
// What reads as a location is one.
struct Nearby {
    std::string_view client;  // empty: it is about `centre`
    Iso6709 centre;
    std::uint32_t radius_mm;  // as in a WhatsAt
    std::uint32_t bound;      // at most nearby_bound_max; how many clients to tell
};

// "NEARBY server count": that many are told, each in a line behind this one.
struct NearbyAnswer {
    std::string_view server;
    std::uint32_t count;
};

// "SYNC": answer when every live neighbour has all that the server has now.
struct Sync {};

// "SYNC server live configured": it is so. Of the server's neighbours so many are linked with it.
struct SyncAnswer {
    std::string_view server;
    std::uint32_t live;
    std::uint32_t configured;
};

// "AUTH pattern token": from now on this connection may do what the token grants, with the clients
// of that pattern. Neither has been looked at.
struct Auth {
    std::string_view pattern;
    std::string_view token;
};

// "AUTH server pattern rights until": it is so, until that second.
struct AuthAnswer {
    std::string_view server;
    std::string_view pattern;
    std::string_view rights;
    std::int64_t until_s;  // since 1970; 0: for ever
};

// "FOLLOW client": tell of it now and whenever it changes. "FOLLOW location radius": of all who are
// there.
struct Follow {
    std::string_view client;  // empty: an area
    Spot centre = {};
    std::uint32_t radius_mm = 0;  // as of WhatsAt
};

// "UNFOLLOW number": tell no more of what has that number.
struct Unfollow {
    std::uint16_t number;
};

using Command = std::variant<IamAt, WhatsAt, Sync, Auth, Nearby, Follow, Unfollow>;

// The client that it is about; empty when it is about none.
std::string_view client_of(const Command& command);
// Where it says that its client is; null when it says nothing of that.
inline const Spot* position_in(const Command& command) {
    const auto* const iamat = std::get_if<IamAt>(&command);
    return iamat == nullptr ? nullptr : &iamat->spot;
}

// Reads one line of a client, with or without white space around it. The views in the command
// point into the line.
std::expected<Command, Malformed> parse_command(std::string_view line);

// Without a newline; a view of `out`, which must hold sync_answer_size_max.
constexpr std::size_t sync_answer_size_max = 128;
std::string_view format(std::span<char> out, const SyncAnswer& answer);
// The same; `out` must hold auth_answer_size(answer).
constexpr std::size_t auth_answer_size(const AuthAnswer& answer) {
    return answer.server.size() + answer.pattern.size() + answer.rights.size() + 32;
}
std::string_view format(std::span<char> out, const AuthAnswer& answer);
// The same; `out` must hold nearby_answer_size_max.
constexpr std::size_t nearby_answer_size_max = 96;
std::string_view format(std::span<char> out, const NearbyAnswer& answer);
// "NEAR metres ", what stands before each client's AT line; `out` must hold near_size_max.
constexpr std::size_t near_size_max = std::string_view("NEAR 4294967.295 ").size();
std::string_view format_near(std::span<char> out, std::uint32_t distance_mm);

}  // namespace protocol
