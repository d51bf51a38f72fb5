#include "protocol/nats_reader.hpp"

#include "protocol/nats_headers.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace nats_reader_test {

using namespace protocol::nats;

namespace {

constexpr Reader::Limits small{.line_max = 64, .info_max = 128, .payload_max = 32};

std::string text_of(const Message& message) {
    if (const auto* info = std::get_if<Info>(&message)) return "info " + std::string(info->json);
    if (std::holds_alternative<Ping>(message)) return "ping";
    if (std::holds_alternative<Pong>(message)) return "pong";
    if (std::holds_alternative<Ok>(message)) return "ok";
    if (const auto* error = std::get_if<Error>(&message)) return "err " + std::string(error->text);
    const auto& delivery = std::get<Delivery>(message);
    return std::string(delivery.subject) + "#" + std::to_string(delivery.sid) + "/" +
           std::string(delivery.reply) + " " + std::to_string(delivery.size) +
           (delivery.skipped ? " skipped" : "") + " {" + std::string(delivery.headers) + "}{" +
           std::string(delivery.payload) + "}";
}

// All that is read of what comes in pieces of that size; at the end why not, if it is nonsense.
std::string read_all(const std::string& bytes, std::size_t piece, Reader::Limits limits = small) {
    Reader reader(limits);
    std::string unread;
    std::string all;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        unread += bytes.substr(at, piece);
        while (true) {
            const auto read = reader.read(unread);
            if (!read) return all + "! " + std::string(to_text(read.error()));
            const std::string told = read->message ? text_of(*read->message) + "\n" : "";
            unread.erase(0, read->consumed);
            all += told;
            if (told.empty()) break;
        }
        CHECK(unread.size() <= limits.unread_max());
    }
    return all + (unread.empty() ? "" : "... " + std::to_string(unread.size()));
}
// The same however it is cut.
std::string read_all(const std::string& bytes) {
    const std::string whole = read_all(bytes, SIZE_MAX);
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 17U}) CHECK(read_all(bytes, piece) == whole);
    return whole;
}

}  // namespace

TEST_CASE("nats: each kind of message is read, wherever it is cut", "[protocol][nats]") {
    CHECK(read_all("INFO {\"a\":1} \r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Stale Connection'\r\n") ==
          "info {\"a\":1}\nping\npong\nok\nerr Stale Connection\n");
    CHECK(read_all("MSG a.b 7 5\r\nhello\r\nMSG a.b 8 _INBOX.x 0\r\n\r\n") ==
          "a.b#7/ 5 {}{hello}\na.b#8/_INBOX.x 0 {}{}\n");
    CHECK(read_all(
              "HMSG a 9 r 12 14\r\nNATS/1.0\r\n\r\nhi\r\nHMSG a 9 12 12\r\nNATS/1.0\r\n\r\n\r\n") ==
          "a#9/r 14 {NATS/1.0\r\n\r\n}{hi}\na#9/ 12 {NATS/1.0\r\n\r\n}{}\n");
}

TEST_CASE("nats: small letters, and more blanks than one, mean the same", "[protocol][nats]") {
    CHECK(read_all("ping\r\ninfo {}\r\nMsg \t a  1\t3 \r\nabc\r\n-err x\r\n") ==
          "ping\ninfo {}\na#1/ 3 {}{abc}\nerr x\n");
}

TEST_CASE("nats: what a subject or a payload is made of is its publisher's affair",
          "[protocol][nats]") {
    CHECK(read_all("MSG a\v\f\x01\xff 1 6\r\n\r\nPING\r\n") == "a\v\f\x01\xff#1/ 6 {}{\r\nPING}\n");
    CHECK(read_all("HMSG a 1 4 6\r\nlies..\r\n") == "a#1/ 6 {lies}{..}\n");
}

TEST_CASE("nats: a message that is too long is told, passed over, and the next one is read",
          "[protocol][nats]") {
    const std::string payload(33, 'x');
    CHECK(read_all("MSG a 1 r 33\r\n" + payload + "\r\nPING\r\n") ==
          "a#1/r 33 skipped {}{}\nping\n");
    CHECK(read_all("HMSG a 1 20 33\r\n" + payload + "\r\nPING\r\n") ==
          "a#1/ 33 skipped {}{}\nping\n");
    CHECK(read_all("MSG a 1 33\r\n" + payload + "x\nPING\r\n") ==
          "a#1/ 33 skipped {}{}\n! payload_end");
    CHECK(read_all("MSG a 1 67108864\r\n" + payload) == "a#1/ 67108864 skipped {}{}\n");
}

TEST_CASE("nats: nonsense is told by its reason", "[protocol][nats]") {
    CHECK(read_all("HELLO\r\n") == "! operation");
    CHECK(read_all("\r\n") == "! operation");
    CHECK(read_all("PINGS\r\n") == "! operation");
    CHECK(read_all("PING x\r\n") == "! operands");
    CHECK(read_all("+OK x\r\n") == "! operands");
    CHECK(read_all("MSG a 1\r\n") == "! operands");
    CHECK(read_all("MSG a 1 b 1 1\r\n") == "! operands");
    CHECK(read_all("HMSG a 1 1\r\n") == "! operands");
    CHECK(read_all("HMSG a 1 b 1 1 1\r\n") == "! operands");
    CHECK(read_all("MSG a x 1\r\n") == "! number");
    CHECK(read_all("MSG a -1 1\r\n") == "! number");
    CHECK(read_all("MSG a 99999999999999999999 1\r\n") == "! number");
    CHECK(read_all("MSG a 1 x\r\n") == "! size");
    CHECK(read_all("MSG a 1 67108865\r\n") == "! size");
    CHECK(read_all("MSG a 1 99999999999999999999\r\n") == "! size");
    CHECK(read_all("HMSG a 1 4 3\r\n") == "! size");
    CHECK(read_all("HMSG a 1 x 3\r\n") == "! size");
    CHECK(read_all("PING\n") == "! line_end");
    CHECK(read_all("\n") == "! line_end");
    CHECK(read_all("MSG a 1 2\r\nabc\r\n") == "! payload_end");
    CHECK(read_all("MSG a 1 2\r\nab\r\r\n") == "! payload_end");
}

TEST_CASE("nats: a line has a limit, and INFO one of its own", "[protocol][nats]") {
    const std::string longest = "-ERR " + std::string(59, 'x');
    CHECK(read_all(longest + "\r\n") == "err " + std::string(59, 'x') + "\n");
    CHECK(read_all(longest + "x\r\n") == "! line_too_long");
    CHECK(read_all(longest + std::string(1000, 'x')) == "! line_too_long");
    CHECK(read_all("INFO " + std::string(123, 'x') + "\r\n") ==
          "info " + std::string(123, 'x') + "\n");
    CHECK(read_all("INFO " + std::string(124, 'x') + "\r\n") == "! line_too_long");
    CHECK(read_all("MSG a") == "... 5");
}

TEST_CASE("nats: headers have a status, what it means, and values by name", "[protocol][nats]") {
    const auto none = Headers::parse("NATS/1.0 503\r\n\r\n");
    REQUIRE(none.has_value());
    CHECK(none->status() == 503);
    CHECK(none->description().empty());
    const auto beat = Headers::parse("NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Stream: 7\r\n\r\n");
    REQUIRE(beat.has_value());
    CHECK(beat->status() == 100);
    CHECK(beat->description() == "Idle Heartbeat");
    CHECK(beat->find("Nats-Last-Stream") == "7");
    CHECK_FALSE(beat->find("nats-last-stream").has_value());
    const auto two = Headers::parse("NATS/1.0\r\nA:1\r\nB:  x:y \r\nA: 2\r\n\r\n");
    REQUIRE(two.has_value());
    CHECK(two->status() == 0);
    CHECK(two->find("A") == "1");
    CHECK(two->find("B") == "x:y");
    CHECK_FALSE(two->find("C").has_value());
}

TEST_CASE("nats: what is no block of headers is none", "[protocol][nats]") {
    for (const char* const block : {"",
                                    "NATS/1.0",
                                    "NATS/1.0\r\n",
                                    "NATS/1.0x\r\n\r\n",
                                    "NATS/1.0 5\r\n\r\n",
                                    "NATS/1.0 50x\r\n\r\n",
                                    "NATS/1.0 5034\r\n\r\n",
                                    "HTTP/1.1 200\r\n\r\n",
                                    "NATS/1.0\r\nno colon\r\n\r\n",
                                    "NATS/1.0\r\n: no name\r\n\r\n",
                                    "NATS/1.0\r\n\r\nA: 1\r\n\r\n"}) {
        CAPTURE(block);
        CHECK_FALSE(Headers::parse(block).has_value());
    }
}

}  // namespace nats_reader_test
