#pragma once

#include "protocol/text_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What a client says to a broker of NATS.
namespace protocol::nats {

inline constexpr std::string_view ping_line = "PING\r\n";
inline constexpr std::string_view pong_line = "PONG\r\n";

// Of a line of ours, its end not counted: brokers end the connection of who says a longer one.
inline constexpr std::size_t control_line_max = 4096;

// Who we are. Either a user and a password, or a token, or nothing; none longer than `text_max`.
struct Login {
    static constexpr std::size_t text_max = 512;

    std::string_view name = {};  // as the broker's own logs call us
    std::string_view user = {};
    std::string_view password = {};
    std::string_view token = {};
    bool tls = false;  // The connection is sealed.
};
// With `verbose` off, so that nothing is answered but what is wrong, and with headers and
// `no_responders` on: a request that nobody answers comes back at once.
void put_connect(TextWriter& out, const Login& login);
inline constexpr std::size_t connect_size_max = std::size_t{4} * 6 * Login::text_max + 512;

void put_subscribe(TextWriter& out, std::string_view filter, std::uint64_t sid);
void put_unsubscribe(TextWriter& out, std::uint64_t sid);

struct Header {
    std::string_view name;
    std::string_view value;
};
struct Publication {
    std::string_view subject;
    std::string_view reply = {};  // empty: nobody is asked for an answer
    std::span<const Header> headers = {};
    std::string_view payload = {};
};

// What a broker would misread, or end the connection for.
enum class Unsendable : std::uint8_t {
    subject,  // it, or that of replies, is none
    header,
    line_too_long,
    payload_too_long,  // with its headers
};
// Nothing: it may be written. `payload_max`: as the broker says.
std::optional<Unsendable> flaw_of(const Publication& publication, std::uint64_t payload_max);

// PUB, or HPUB where there are headers; it has no flaw.
void put_publication(TextWriter& out, const Publication& publication);
std::size_t size_of(const Publication& publication);

}  // namespace protocol::nats
