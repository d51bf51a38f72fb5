#pragma once

#include "protocol/peer_message.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// What a neighbour that lies may say. `Choice` is what chooses: a Random, or a fuzzer's input. It
// has below(bound) and bits().
namespace sim {

// What such a neighbour knows, to lie about.
struct Truth {
    std::string name;
    std::uint64_t epoch = 0;         // of its own run
    std::uint64_t said = 0;          // the latest number that it has said as its own
    std::uint64_t victim_epoch = 0;  // of the server that it talks to
    std::uint64_t victim_seq = 0;    // what that has told it
    std::uint64_t token = 0;         // of the latest PING that it was asked
    std::uint64_t cookie = 0;        // what it would be shown
    std::uint64_t shown = 0;         // what it was told to show
    std::int64_t wall_ns = 0;
};

enum class Lie : std::uint8_t {
    welcome,
    ack,
    pong,
    refusal,
    hello,
    cookie,
    seq,
    sweep,
    digest,
    ping,
    status,
    junk,
};
inline constexpr std::uint64_t lie_kinds = 12;

template <class Message>
std::string line_of(const Message& message) {
    std::string buffer(protocol::peer_line_size_max, '\0');
    return std::string(protocol::format_line(buffer, message));
}

template <class Choice>
class Liar {
public:
    Liar(Choice& choice, const Truth& truth) : choice_(choice), truth_(truth) {}

    // A message that is well-formed, nearly always.
    std::string lie(Lie kind) {
        switch (kind) {
            case Lie::welcome:
                return line_of(protocol::Welcome{version(),
                                                 name(),
                                                 number(truth_.epoch),
                                                 number(truth_.victim_epoch),
                                                 number(truth_.victim_seq),
                                                 number(truth_.victim_seq),
                                                 static_cast<std::uint32_t>(number(0)),
                                                 clock()});
            case Lie::ack:
                return line_of(protocol::Ack{number(truth_.victim_seq)});
            case Lie::pong:
                return line_of(protocol::Pong{number(truth_.token)});
            case Lie::refusal:
                return "ERR " + std::to_string(number(503) % 4'294'967'296) + " " +
                       std::string(choice_.below(300), static_cast<char>(choice_.below(256))) +
                       "\n";
            case Lie::hello:
                return line_of(protocol::Hello{version(),
                                               name(),
                                               number(truth_.epoch),
                                               number(truth_.said),
                                               clock(),
                                               number(truth_.cookie),
                                               number(truth_.shown)});
            case Lie::cookie:
                return line_of(protocol::Cookie{number(truth_.shown)});
            case Lie::seq:
                return line_of(protocol::Seq{number(truth_.said)});
            case Lie::sweep:
                return line_of(protocol::Sweep{number(truth_.said + 5),
                                               static_cast<std::uint32_t>(number(3))});
            case Lie::digest:
                return digest();
            case Lie::ping:
                return line_of(protocol::Ping{number(1)});
            case Lie::status:
                return "STATUS\n";
            case Lie::junk:
                return junk();
        }
        return {};
    }

    // What is not far from it: a byte of it changed, or its end missing.
    std::string garbled(std::string line) {
        if (choice_.below(2) == 0) return line.substr(0, choice_.below(line.size()));
        line[choice_.below(line.size())] = static_cast<char>(choice_.below(256));
        return line;
    }

private:
    // The truth, often, or what is next to it or nowhere near it.
    std::uint64_t number(std::uint64_t truth) {
        switch (choice_.below(16)) {
            case 0:
                return truth + 1;
            case 1:
                return truth - 1;
            case 2:
                return 0;
            case 3:
                return UINT64_MAX - choice_.below(2);
            case 4:
                return (std::uint64_t{1} << 63) - choice_.below(2);
            case 5:
                return choice_.bits();
            default:
                return truth;
        }
    }
    std::int64_t clock() {
        return static_cast<std::int64_t>(number(static_cast<std::uint64_t>(truth_.wall_ns)));
    }
    std::uint32_t version() {
        return choice_.below(16) == 0 ? static_cast<std::uint32_t>(number(protocol::peer_version))
                                      : protocol::peer_version;
    }
    std::string_view name() {
        return choice_.below(16) == 0 ? std::string_view("nobody") : truth_.name;
    }
    // Of eight buckets that are equal nowhere, the same ones again and again.
    std::string digest() {
        protocol::DigestPart part{};
        part.first = static_cast<std::uint32_t>(number(choice_.below(512) * 8));
        for (std::uint64_t& hash : part.hashes) hash = number(7);
        return line_of(part);
    }
    std::string junk() {
        std::string bytes;
        for (std::uint64_t left = choice_.below(40); left > 0; --left) {
            bytes += static_cast<char>(choice_.below(256));
        }
        return bytes + (choice_.below(4) == 0 ? std::string(choice_.below(2000), 'x') : "") + "\n";
    }

    Choice& choice_;
    const Truth& truth_;
};

}  // namespace sim
