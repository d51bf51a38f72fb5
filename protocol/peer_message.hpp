#pragma once

#include "protocol/at_line.hpp"
#include "protocol/malformed.hpp"
#include "protocol/server_name.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <variant>

// What one server says to another on the peer port: lines of text. The dialler begins with HELLO;
// the acceptor answers WELCOME, or ERR and hangs up. Then the dialler sends its feed (AT, SEQ, SWP)
// and what its table comes to (DIG), and the acceptor acknowledges (ACK); the dialler may PING, and
// is answered PONG. Fields behind those named here are ignored: later versions may add some.
//
// Who dials is nobody's neighbour before it shows the cookie that it was told where that neighbour
// listens: in HELLO, or, as soon as it is told it, in COOKIE.
namespace protocol {

constexpr std::uint32_t peer_version = 1;
constexpr std::size_t refusal_text_size_max = 128;

// "HELLO version name epoch seq wall-ns cookie shown": who dials, how far its own feed has come,
// what the acceptor is to show when it dials, and what this server was told to show. 0: nothing,
// as when these two are missing. An epoch names one run of a server. Of another version than ours
// only `version` can be relied on: what cannot be read is empty or zero.
struct Hello {
    std::uint32_t version;
    std::string_view name;
    std::uint64_t epoch;
    std::uint64_t seq;
    std::int64_t wall_ns;  // the sender's clock, since 1970
    std::uint64_t cookie = 0;
    std::uint64_t shown = 0;

    friend bool operator==(const Hello&, const Hello&) = default;
};

// "COOKIE cookie": what this server was told to show, after its HELLO.
struct Cookie {
    std::uint64_t shown;

    friend bool operator==(const Cookie&, const Cookie&) = default;
};

// "WELCOME version name epoch resume-epoch resume-seq sweep-target sweep-slot wall-ns": the name
// and the run of the acceptor, and how far it has processed which feed of the dialler's. Of another
// version no more can be relied on than of a Hello.
struct Welcome {
    std::uint32_t version;
    std::string_view name;
    std::uint64_t epoch;
    std::uint64_t resume_epoch;
    std::uint64_t resume_seq;
    std::uint64_t sweep_target;
    std::uint32_t sweep_slot;
    std::int64_t wall_ns;

    friend bool operator==(const Welcome&, const Welcome&) = default;
};

// "ERR code text": why the acceptor hangs up. The text may be empty and may contain blanks; of a
// longer one the first refusal_text_size_max bytes are read.
struct Refusal {
    std::uint32_t code;
    std::string_view text;

    friend bool operator==(const Refusal&, const Refusal&) = default;
};

// "SEQ n": everything up to the sender's n has been written to you.
struct Seq {
    std::uint64_t seq;

    friend bool operator==(const Seq&, const Seq&) = default;
};

// "SWP target slot": a sweep towards the sender's seq `target` has come to slot `slot`. The
// acceptor repeats the latest one when it has processed what came before it.
struct Sweep {
    std::uint64_t target;
    std::uint32_t slot;

    friend bool operator==(const Sweep&, const Sweep&) = default;
};

// "DIG first hash hash ...": what the sender's table holds in eight buckets from `first` on, each
// in hexadecimal digits. See herd/table/digest.hpp.
struct DigestPart {
    std::uint32_t first;
    std::array<std::uint64_t, 8> hashes;

    friend bool operator==(const DigestPart&, const DigestPart&) = default;
};

// "PING token": answer with the same token. Of several at once the last is answered for all.
struct Ping {
    std::uint64_t token;

    friend bool operator==(const Ping&, const Ping&) = default;
};

// "PONG token".
struct Pong {
    std::uint64_t token;

    friend bool operator==(const Pong&, const Pong&) = default;
};

// "ACK n": everything up to your n has been processed.
struct Ack {
    std::uint64_t seq;

    friend bool operator==(const Ack&, const Ack&) = default;
};

// "STATUS", as a first line and not by a server: answer with one line of JSON and hang up.
struct StatusRequest {
    friend bool operator==(const StatusRequest&, const StatusRequest&) = default;
};

using PeerMessage = std::variant<AtLine,
                                 Seq,
                                 Sweep,
                                 DigestPart,
                                 Hello,
                                 Cookie,
                                 Welcome,
                                 Refusal,
                                 Ping,
                                 Pong,
                                 Ack,
                                 StatusRequest>;

// The client that it is about; empty when it is about none.
std::string_view client_of(const PeerMessage& message);
// Where it says that its client is; null when it says nothing of that.
inline const Spot* position_in(const PeerMessage& message) {
    const auto* const line = std::get_if<AtLine>(&message);
    return line == nullptr ? nullptr : &line->spot;
}

// Reads one line of a neighbour. Views point into the line.
std::expected<PeerMessage, Malformed> parse_peer_message(std::string_view line);

// Every message but AT fits into this many bytes.
constexpr std::size_t peer_message_size_max = 256;

// Each writes the message without a newline and returns a view of `out`, which must hold
// peer_message_size_max. A name must be one that is_server_name accepts; a text has no newline
// and at most refusal_text_size_max bytes.
std::string_view format(std::span<char> out, const Hello& message);
std::string_view format(std::span<char> out, const Cookie& message);
std::string_view format(std::span<char> out, const Welcome& message);
std::string_view format(std::span<char> out, const Refusal& message);
std::string_view format(std::span<char> out, const Seq& message);
std::string_view format(std::span<char> out, const Sweep& message);
std::string_view format(std::span<char> out, const DigestPart& message);
std::string_view format(std::span<char> out, const Ping& message);
std::string_view format(std::span<char> out, const Pong& message);
std::string_view format(std::span<char> out, const Ack& message);
std::string_view format(std::span<char> out, const StatusRequest& message);

// The message and its newline. `out` must hold peer_line_size_max.
constexpr std::size_t peer_line_size_max = peer_message_size_max + 1;
template <class Message>
std::string_view format_line(std::span<char> out, const Message& message) {
    assert(out.size() >= peer_line_size_max);
    const std::size_t size = format(out, message).size();
    out[size] = '\n';
    return {out.data(), size + 1};
}

}  // namespace protocol
