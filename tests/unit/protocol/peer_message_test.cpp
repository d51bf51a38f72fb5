#include "protocol/peer_message.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace protocol::peer_message_test {
namespace {

constexpr std::uint64_t u64_max = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t u32_max = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t i64_min = std::numeric_limits<std::int64_t>::min();

template <class Message>
std::string formatted(const Message& message) {
    std::vector<char> out(peer_message_size_max);
    return std::string(format(out, message));
}

template <class Message>
Message parsed(std::string_view line) {
    CAPTURE(line);
    const auto message = parse_peer_message(line);
    REQUIRE(message);
    const auto* expected = std::get_if<Message>(&*message);
    REQUIRE(expected != nullptr);
    return *expected;
}

template <class Message>
void check_round_trip(const Message& message, std::string_view line) {
    const std::string text = formatted(message);
    CHECK(text == line);
    CHECK(parsed<Message>(text) == message);
    CHECK(parsed<Message>("\t" + text + " \r") == message);
    CHECK(parsed<Message>(text + " more fields") == message);
}

void check_malformed(std::string_view line, Malformed reason) {
    CAPTURE(line);
    const auto message = parse_peer_message(line);
    REQUIRE_FALSE(message);
    CHECK(to_text(message.error()) == to_text(reason));
}

TEST_CASE("peer_message: each message survives being written and read, and fields behind it",
          "[protocol][peer_message]") {
    check_round_trip(Hello{1, "Hands", 0x0123456789abcdef, 42, -7, 10, 11},
                     "HELLO 1 Hands 0123456789abcdef 42 -7 000000000000000a 000000000000000b");
    check_round_trip(Cookie{0xfedcba9876543210}, "COOKIE fedcba9876543210");
    check_round_trip(Welcome{1, "Goloman", 1, 2, 3, 4, 5, 6},
                     "WELCOME 1 Goloman 0000000000000001 0000000000000002 3 4 5 6");
    check_round_trip(Seq{u64_max}, "SEQ 18446744073709551615");
    check_round_trip(Seq{0}, "SEQ 0");
    check_round_trip(Sweep{7, u32_max}, "SWP 7 4294967295");
    check_round_trip(DigestPart{4088, {0, 1, 0xabc, 0, 0, 0, 0, UINT64_MAX}},
                     "DIG 4088 0 1 abc 0 0 0 0 ffffffffffffffff");
    check_round_trip(Ping{9}, "PING 9");
    check_round_trip(Pong{9}, "PONG 9");
    check_round_trip(Ack{12}, "ACK 12");
    check_round_trip(Hello{1, "a", u64_max, u64_max, i64_min, u64_max, 0},
                     "HELLO 1 a ffffffffffffffff 18446744073709551615 -9223372036854775808 "
                     "ffffffffffffffff 0000000000000000");
}

TEST_CASE("peer_message: a line is the message and its newline, the longest one too",
          "[protocol][peer_message]") {
    const auto line = [](const auto& message) {
        std::vector<char> out(peer_line_size_max);
        return std::string(format_line(out, message));
    };
    CHECK(line(Seq{7}) == "SEQ 7\n");
    const std::string name(server_name_size_max, 'n');
    const Welcome longest = {u32_max, name, u64_max, u64_max, u64_max, u64_max, u32_max, i64_min};
    CHECK(line(longest) == formatted(longest) + "\n");
}

TEST_CASE("peer_message: a refusal's text is the rest of the line", "[protocol][peer_message]") {
    CHECK(formatted(Refusal{502, "another version"}) == "ERR 502 another version");
    CHECK(parsed<Refusal>("ERR 502 another  version \r") == Refusal{502, "another  version"});
    CHECK(formatted(Refusal{1, ""}) == "ERR 1");
    CHECK(parsed<Refusal>("ERR 1") == Refusal{1, ""});
    const std::string longest(protocol::refusal_text_size_max, 'x');
    CHECK(parsed<Refusal>("ERR 1 " + longest + "y z") == Refusal{1, longest});
    const std::string_view shorter = std::string_view(longest).substr(2);
    CHECK(parsed<Refusal>("ERR 1 " + std::string(shorter) + " \ty z") == Refusal{1, shorter});
    check_malformed("ERR", Malformed::operand_count);
    check_malformed("ERR text", Malformed::number);
    check_malformed("ERR 4294967296 text", Malformed::number);
}

TEST_CASE("peer_message: the longest of each fits the promised size", "[protocol][peer_message]") {
    const std::string name(server_name_size_max, 'n');
    const std::string text(refusal_text_size_max, 't');
    const Welcome welcome = {u32_max, name, u64_max, u64_max, u64_max, u64_max, u32_max, i64_min};
    CHECK(parsed<Welcome>(formatted(welcome)) == welcome);
    const Hello hello = {u32_max, name, u64_max, u64_max, i64_min};
    CHECK(parsed<Hello>(formatted(hello)) == hello);
    const Refusal refusal = {u32_max, text};
    CHECK(parsed<Refusal>(formatted(refusal)) == refusal);
}

TEST_CASE("peer_message: an AT line is read field by field, its hops are not",
          "[protocol][peer_message]") {
    for (const std::string hops : {"", " Goloman", " Goloman Hands Holiday", " +0.1 ? AT\t"}) {
        const std::string line =
            "AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997" + hops;
        const auto at = parsed<AtLine>(line);
        CHECK(at.server == "Goloman");
        CHECK(at.skew_text == "+0.263873386");
        CHECK(at.skew_ns == 263873386);
        CHECK(at.client == "kiwi");
        CHECK(at.location == "+34.068930-118.445127");
        CHECK(at.time_text == "1520023934.918963997");
        CHECK(at.time.nanoseconds == 1520023934918963997);
        std::vector<char> out(at_line_size(at));
        CHECK(format_at(out, at) == line.substr(0, line.size() - hops.size()));
    }
}

TEST_CASE("peer_message: each field of an AT line is checked", "[protocol][peer_message]") {
    const std::string long_name(server_name_size_max + 1, 'n');
    check_malformed("AT", Malformed::operand_count);
    check_malformed("AT a +0 c +1+1", Malformed::operand_count);
    check_malformed("AT " + long_name + " +0 c +1+1 1", Malformed::name);
    check_malformed("AT a 0 c +1+1 1", Malformed::skew);
    check_malformed("AT a +1e3 c +1+1 1", Malformed::skew);
    check_malformed("AT a +0 c 1+1 1", Malformed::location);
    check_malformed("AT a +0 c +91+1 1", Malformed::location);
    check_malformed("AT a +0 c +1+1 nan", Malformed::time);
    check_malformed("AT a +0 c +1+1 9223372037", Malformed::time);
    CHECK(parse_peer_message("AT " + long_name.substr(1) + " +0 c +1+1 1"));
}

TEST_CASE("peer_message: clients' commands and other words are not for servers",
          "[protocol][peer_message]") {
    for (const std::string_view line : {""sv,
                                        " "sv,
                                        "IAMAT a +1+1 1"sv,
                                        "WHATSAT a 1 1"sv,
                                        "hello 1 a 0 0 0"sv,
                                        "SEQ1"sv,
                                        "at a +0 c +1+1 1"sv,
                                        "? AT"sv,
                                        "PINGS 1"sv,
                                        "SE 1"sv}) {
        check_malformed(line, Malformed::unknown_command);
    }
}

TEST_CASE("peer_message: numbers are plain decimals within their width",
          "[protocol][peer_message]") {
    for (const std::string_view number :
         {"-1"sv, "+1"sv, "1.0"sv, "0x1"sv, "a"sv, "18446744073709551616"sv, "1\0"sv, "1e3"sv}) {
        check_malformed("SEQ " + std::string(number), Malformed::number);
        check_malformed("ACK " + std::string(number), Malformed::number);
        check_malformed("PING " + std::string(number), Malformed::number);
        check_malformed("PONG " + std::string(number), Malformed::number);
        check_malformed("SWP " + std::string(number) + " 1", Malformed::number);
        check_malformed("SWP 1 " + std::string(number), Malformed::number);
    }
    check_malformed("SWP 1 4294967296", Malformed::number);
    for (const std::string_view line : {"SEQ"sv, "ACK"sv, "PING "sv, "PONG"sv, "SWP 1"sv}) {
        check_malformed(line, Malformed::operand_count);
    }
}

TEST_CASE("peer_message: an epoch is exactly sixteen hexadecimal digits",
          "[protocol][peer_message]") {
    CHECK(parsed<Hello>("HELLO 1 a 00000000000000FF 1 1").epoch == 255);
    for (const std::string_view epoch : {"1"sv,
                                         "000000000000001"sv,
                                         "00000000000000001"sv,
                                         "000000000000000g"sv,
                                         "0x00000000000001"sv,
                                         "-000000000000001"sv,
                                         "+000000000000001"sv}) {
        check_malformed("HELLO 1 a " + std::string(epoch) + " 1 1", Malformed::number);
        check_malformed("WELCOME 1 a 0000000000000001 " + std::string(epoch) + " 1 1 1 1",
                        Malformed::number);
    }
}

TEST_CASE("peer_message: a greeting may show nothing", "[protocol][peer_message]") {
    const std::string hello = "HELLO 1 a 0000000000000007 42 7";
    CHECK(parsed<Hello>(hello) == Hello{1, "a", 7, 42, 7, 0, 0});
    CHECK(parsed<Hello>(hello + " 000000000000000a") == Hello{1, "a", 7, 42, 7, 10, 0});
    for (const std::string_view cookie : {"1"sv, "00000000000000001"sv, "000000000000000g"sv}) {
        check_malformed(hello + " " + std::string(cookie), Malformed::number);
        check_malformed(hello + " 000000000000000a " + std::string(cookie), Malformed::number);
        check_malformed("COOKIE " + std::string(cookie), Malformed::number);
    }
    check_malformed("COOKIE", Malformed::operand_count);
}

TEST_CASE("peer_message: a greeting lacks nothing and has a name that fits",
          "[protocol][peer_message]") {
    const std::string hello = "HELLO 1 Hands 0123456789abcdef 42 7";
    const std::string welcome = "WELCOME 1 Goloman 0000000000000001 0000000000000002 3 4 5 6";
    for (const std::string& line : {hello, welcome}) {
        for (std::size_t i = line.find(' '); i != std::string::npos; i = line.find(' ', i + 1)) {
            check_malformed(line.substr(0, i), Malformed::operand_count);
        }
        for (std::size_t i = 0; i < line.size() - 1; ++i) {
            CHECK_FALSE(parse_peer_message(line.substr(0, i)));
        }
    }
    const std::string long_name(server_name_size_max + 1, 'n');
    check_malformed("HELLO 1 " + long_name + " 0123456789abcdef 42 7", Malformed::name);
    check_malformed("HELLO x Hands 0123456789abcdef 42 7", Malformed::number);
    check_malformed("HELLO 1 Hands 0123456789abcdef 42 9223372036854775808", Malformed::number);
}

TEST_CASE("peer_message: a greeting of another version can be told as such, whatever follows",
          "[protocol][peer_message]") {
    CHECK(parsed<Hello>("HELLO 2 Hands 0123456789abcdef 42 7") ==
          Hello{2, "Hands", 0x0123456789abcdef, 42, 7});
    CHECK(parsed<Hello>("HELLO 2") == Hello{2, "", 0, 0, 0});
    CHECK(parsed<Hello>("HELLO 3 Hands {json}") == Hello{3, "Hands", 0, 0, 0});
    CHECK(parsed<Welcome>("WELCOME 0 x").version == 0);
    check_malformed("HELLO two", Malformed::number);
    check_malformed("HELLO", Malformed::operand_count);
}

TEST_CASE("peer_message: a name is one field of up to 64 bytes", "[protocol][peer_message]") {
    CHECK(is_server_name("Goloman"));
    CHECK(is_server_name(std::string(server_name_size_max, 'n')));
    CHECK_FALSE(is_server_name(std::string(server_name_size_max + 1, 'n')));
    CHECK_FALSE(is_server_name(""));
    CHECK_FALSE(is_server_name("a b"));
    CHECK_FALSE(is_server_name("a\n"));
}

TEST_CASE("peer_message: no neighbour greets with a name that a configuration would refuse",
          "[protocol][peer_message]") {
    for (const std::string name : {"a/b", "..", ".a", "-a", "a\x01", "a\x7f", "\xc3\xa9", "\xff"}) {
        INFO(name);
        CHECK_FALSE(is_server_name(name));
        check_malformed("HELLO 1 " + name + " 0123456789abcdef 42 7", Malformed::name);
        check_malformed("WELCOME 1 " + name + " 0123456789abcdef 0123456789abcdef 1 2 3 4",
                        Malformed::name);
        CHECK(parse_peer_message("AT " + name + " +0 c +1+1 1"));
    }
    CHECK(is_server_name("a-.b~!"));
}

}  // namespace
}  // namespace protocol::peer_message_test
