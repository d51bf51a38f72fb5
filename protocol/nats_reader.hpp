#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <variant>

// What a broker of NATS says: https://docs.nats.io/reference/reference-protocols/nats-protocol.
namespace protocol::nats {

// All views are of the bytes that a message was read from, and die with them.
struct Info {
    std::string_view json;
};
struct Ping {};
struct Pong {};
struct Ok {};
struct Error {
    std::string_view text;  // without its quotes
};
// MSG or HMSG: something was published that somebody here has subscribed to.
struct Delivery {
    std::string_view subject;
    std::uint64_t sid = 0;          // of the subscription
    std::string_view reply = {};    // where an answer is to go; empty: nowhere
    std::string_view headers = {};  // as whoever published wrote them: see Headers
    std::string_view payload = {};
    std::size_t size = 0;  // of both
    bool skipped = false;  // They are longer than Limits::payload_max, and not here.
};
using Message = std::variant<Info, Ping, Pong, Ok, Error, Delivery>;

// Why what has come is no message: behind it nothing makes sense.
enum class Nonsense : std::uint8_t {
    operation,      // an unknown one
    operands,       // too few or too many
    number,         // of a subscription
    size,           // no number, too large, or headers larger than the whole
    line_too_long,  // longer than Limits::line_max, or info_max
    line_end,       // a line that does not end in CR and LF
    payload_end,    // likewise
};
std::string_view to_text(Nonsense reason);

// Takes what a broker says apart, wherever it is cut, without a copy: what is not consumed is to be
// given again with what comes next. Who publishes says how long a message is, and what stands in
// its headers; so neither ends the connection: a long one is told without what stands in it, and
// passed over as it comes.
// Owned by who reads. After a Nonsense it is not to be asked again.
class Reader {
public:
    struct Limits {
        // Brokers take 4,096 bytes of a line of a client's, with its subject and that of replies;
        // what they make of it is somewhat longer.
        std::size_t line_max = std::size_t{8} << 10;
        std::size_t info_max = std::size_t{32} << 10;
        std::size_t payload_max = std::size_t{32} << 10;
        // What has to fit that is not consumed, with the ends of line and payload.
        constexpr std::size_t unread_max() const {
            const std::size_t delivery = line_max + payload_max;
            return (delivery > info_max ? delivery : info_max) + 4;
        }
    };
    // The most that a broker lets anybody set as its max_payload.
    static constexpr std::size_t size_max = std::size_t{64} << 20;

    explicit Reader(const Limits& limits) : limits_(limits) {}

    struct Read {
        std::size_t consumed = 0;
        std::optional<Message> message = {};  // Nothing: more has to come.
    };
    // `bytes` begins with what was not consumed.
    std::expected<Read, Nonsense> read(std::string_view bytes);

private:
    std::expected<Read, Nonsense> read_line(std::string_view bytes);
    std::expected<Read, Nonsense> deliver(std::string_view bytes, std::size_t line, bool headed);
    std::expected<std::size_t, Nonsense> skip(std::string_view bytes);

    Limits limits_;
    std::size_t skip_ = 0;  // Bytes of a payload that are still to be passed over, with its end.
};

}  // namespace protocol::nats
