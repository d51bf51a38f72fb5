#include "protocol/peer_message.hpp"

#include "protocol/iso6709.hpp"
#include "protocol/text_writer.hpp"
#include "protocol/tokens.hpp"

#include <cassert>
#include <charconv>
#include <concepts>
#include <optional>
#include <system_error>
#include <utility>

namespace protocol {
namespace {

using Parsed = std::expected<PeerMessage, Malformed>;

constexpr std::size_t hex_digits = 16;

static_assert(std::string_view("WELCOME  ").size() + 10 + server_name_size_max + 1 + hex_digits +
                  1 + hex_digits + 4 * std::string_view(" 18446744073709551615").size() <=
              peer_message_size_max);
static_assert(std::string_view("HELLO  ").size() + 10 + server_name_size_max +
                  3 * (1 + hex_digits) + 2 * std::string_view(" 18446744073709551615").size() <=
              peer_message_size_max);
static_assert(std::string_view("ERR 4294967295 ").size() + refusal_text_size_max <=
              peer_message_size_max);

// Takes fields off a line into values. After the first that is missing or wrong, `fault` says why
// and the later ones stay as they are.
class FieldReader {
public:
    explicit FieldReader(Tokens fields) : fields_(fields) {}

    template <std::integral Number>
    void take(Number& number) {
        take_number(number, 10, fields_.next());
    }

    void take_hex(std::uint64_t& number) {
        const std::string_view text = fields_.next();
        if (!text.empty() && text.size() != hex_digits) fail(Malformed::number);
        take_number(number, 16, text);
    }

    // Without leading zeros: most of a small herd's are 0.
    void take_hash(std::uint64_t& number) { take_number(number, 16, fields_.next()); }

    void take_name(std::string_view& name) {
        const std::string_view text = fields_.next();
        if (text.empty()) fail(Malformed::operand_count);
        if (!is_server_name(text)) fail(Malformed::name);
        if (!failed_) name = text;
    }

    std::string_view rest() { return fields_.rest(); }
    bool ended() { return fields_.front().empty(); }

    // The message, or why it is none.
    template <class Message>
    Parsed finish(const Message& message) const {
        if (failed_) return std::unexpected(fault_);
        return message;
    }

    bool failed() const { return failed_; }

private:
    template <std::integral Number>
    void take_number(Number& number, int base, std::string_view text) {
        if (text.empty()) fail(Malformed::operand_count);
        if (failed_) return;
        Number value = 0;
        const char* const end = text.data() + text.size();
        const auto result = std::from_chars(text.data(), end, value, base);
        if (result.ec != std::errc() || result.ptr != end) return fail(Malformed::number);
        number = value;
    }

    void fail(Malformed fault) {
        if (!failed_) fault_ = fault;
        failed_ = true;
    }

    Tokens fields_;
    Malformed fault_ = Malformed::operand_count;  // meaningful once failed_
    bool failed_ = false;
};

// Written where the caller has it at the end, see the same for IAMAT.
std::optional<Malformed> read(std::string_view name, Tokens fields, AtLine& line) {
    const auto fault = [&](Malformed what) {
        return fields.front().empty() ? Malformed::operand_count : what;
    };
    line.server = fields.next();
    line.skew_text = fields.next();
    if (line.server.size() > server_name_size_max) return fault(Malformed::name);
    const auto skew = parse_skew(line.skew_text);
    if (!skew) return fault(Malformed::skew);
    line.skew_ns = *skew;
    line.client = fields.next();
    line.location = fields.take(read_iso6709(fields.front(), line.spot));
    if (line.location.empty()) return fault(Malformed::location);
    line.time_text = fields.take(read_posix_time(fields.front(), line.time));
    if (line.time_text.empty()) return fault(Malformed::time);
    const bool plain = one_blank(name, line.server) && one_blank(line.server, line.skew_text) &&
                       one_blank(line.skew_text, line.client) &&
                       one_blank(line.client, line.location) &&
                       one_blank(line.location, line.time_text);
    if (plain) {
        line.whole = span_of(name, line.time_text);
        line.tail = span_of(line.client, line.time_text);
    }
    return std::nullopt;
}

Parsed parse_at(std::string_view name, Tokens fields) {
    Parsed message(std::in_place, std::in_place_type<AtLine>);
    const auto fault = read(name, fields, *std::get_if<AtLine>(&*message));
    if (fault) message = std::unexpected(*fault);
    return message;
}

// A message of one number.
template <class Message>
Parsed parse_number(Tokens fields) {
    FieldReader reader(fields);
    std::uint64_t number = 0;
    reader.take(number);
    return reader.finish(Message{number});
}

Parsed parse_sweep(Tokens fields) {
    FieldReader reader(fields);
    Sweep message = {};
    reader.take(message.target);
    reader.take(message.slot);
    return reader.finish(message);
}

Parsed parse_digest(Tokens fields) {
    FieldReader reader(fields);
    DigestPart message = {};
    reader.take(message.first);
    for (std::uint64_t& hash : message.hashes) reader.take_hash(hash);
    return reader.finish(message);
}

// A foreign version may have other fields, and still has to be answered that it is foreign.
bool is_foreign(const FieldReader& version_read, std::uint32_t version) {
    return !version_read.failed() && version != peer_version;
}

Parsed parse_hello(Tokens fields) {
    FieldReader reader(fields);
    Hello message = {};
    reader.take(message.version);
    const bool foreign = is_foreign(reader, message.version);
    reader.take_name(message.name);
    reader.take_hex(message.epoch);
    reader.take(message.seq);
    reader.take(message.wall_ns);
    if (!reader.ended()) reader.take_hex(message.cookie);
    if (!reader.ended()) reader.take_hex(message.shown);
    if (foreign) return message;
    return reader.finish(message);
}

Parsed parse_cookie(Tokens fields) {
    FieldReader reader(fields);
    Cookie message = {};
    reader.take_hex(message.shown);
    return reader.finish(message);
}

Parsed parse_welcome(Tokens fields) {
    FieldReader reader(fields);
    Welcome message = {};
    reader.take(message.version);
    const bool foreign = is_foreign(reader, message.version);
    reader.take_name(message.name);
    reader.take_hex(message.epoch);
    reader.take_hex(message.resume_epoch);
    reader.take(message.resume_seq);
    reader.take(message.sweep_target);
    reader.take(message.sweep_slot);
    reader.take(message.wall_ns);
    if (foreign) return message;
    return reader.finish(message);
}

Parsed parse_refusal(Tokens fields) {
    FieldReader reader(fields);
    Refusal message = {};
    reader.take(message.code);
    // Where it is cut may be behind a blank, and a text has none around it.
    message.text = Tokens(reader.rest().substr(0, refusal_text_size_max)).rest();
    return reader.finish(message);
}

std::string_view format_number(std::span<char> out, std::string_view name, std::uint64_t number) {
    TextWriter writer(out);
    writer.put(name);
    writer.put_decimal(number);
    assert(!writer.overflowed());
    return writer.text();
}

void put_hex(TextWriter& writer, std::uint64_t number) {
    writer.put(' ');
    writer.put_hex(number, hex_digits);
}

void put_number(TextWriter& writer, std::uint64_t number) {
    writer.put(' ');
    writer.put_decimal(number);
}

void put_wall(TextWriter& writer, std::int64_t wall_ns) {
    writer.put(' ');
    writer.put_signed(wall_ns);
}

}  // namespace

std::expected<PeerMessage, Malformed> parse_peer_message(std::string_view line) {
    Tokens fields(line);
    const std::string_view name = fields.next();
    if (name == "AT") return parse_at(name, fields);
    if (name == "SEQ") return parse_number<Seq>(fields);
    if (name == "ACK") return parse_number<Ack>(fields);
    if (name == "SWP") return parse_sweep(fields);
    if (name == "DIG") return parse_digest(fields);
    if (name == "PING") return parse_number<Ping>(fields);
    if (name == "PONG") return parse_number<Pong>(fields);
    if (name == "HELLO") return parse_hello(fields);
    if (name == "COOKIE") return parse_cookie(fields);
    if (name == "WELCOME") return parse_welcome(fields);
    if (name == "ERR") return parse_refusal(fields);
    if (name == "STATUS") return StatusRequest{};
    return std::unexpected(Malformed::unknown_command);
}

std::string_view client_of(const PeerMessage& message) {
    const auto* line = std::get_if<AtLine>(&message);
    return line == nullptr ? std::string_view() : line->client;
}

std::string_view format(std::span<char> out, const Hello& message) {
    assert(is_server_name(message.name));
    TextWriter writer(out);
    writer.put("HELLO");
    put_number(writer, message.version);
    writer.put(' ');
    writer.put(message.name);
    put_hex(writer, message.epoch);
    put_number(writer, message.seq);
    put_wall(writer, message.wall_ns);
    put_hex(writer, message.cookie);
    put_hex(writer, message.shown);
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const Cookie& message) {
    TextWriter writer(out);
    writer.put("COOKIE");
    put_hex(writer, message.shown);
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const Welcome& message) {
    assert(is_server_name(message.name));
    TextWriter writer(out);
    writer.put("WELCOME");
    put_number(writer, message.version);
    writer.put(' ');
    writer.put(message.name);
    put_hex(writer, message.epoch);
    put_hex(writer, message.resume_epoch);
    put_number(writer, message.resume_seq);
    put_number(writer, message.sweep_target);
    put_number(writer, message.sweep_slot);
    put_wall(writer, message.wall_ns);
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const Refusal& message) {
    assert(message.text.size() <= refusal_text_size_max);
    assert(message.text.find('\n') == std::string_view::npos);
    TextWriter writer(out);
    writer.put("ERR");
    put_number(writer, message.code);
    if (!message.text.empty()) {
        writer.put(' ');
        writer.put(message.text);
    }
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const Seq& message) {
    return format_number(out, "SEQ ", message.seq);
}

std::string_view format(std::span<char> out, const Sweep& message) {
    TextWriter writer(out);
    writer.put("SWP");
    put_number(writer, message.target);
    put_number(writer, message.slot);
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const DigestPart& message) {
    TextWriter writer(out);
    writer.put("DIG");
    put_number(writer, message.first);
    for (const std::uint64_t hash : message.hashes) {
        writer.put(' ');
        writer.put_hex(hash, 1);
    }
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format(std::span<char> out, const Ping& message) {
    return format_number(out, "PING ", message.token);
}

std::string_view format(std::span<char> out, const Pong& message) {
    return format_number(out, "PONG ", message.token);
}

std::string_view format(std::span<char> out, const Ack& message) {
    return format_number(out, "ACK ", message.seq);
}

std::string_view format(std::span<char> out, const StatusRequest&) {
    TextWriter writer(out);
    writer.put("STATUS");
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace protocol
