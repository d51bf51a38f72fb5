#include "protocol/nats_writer.hpp"

#include "protocol/nats_subject.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace nats_writer_test {

using namespace protocol::nats;
using protocol::TextWriter;

namespace {

std::string written(const Publication& publication) {
    std::array<char, 1024> out{};
    TextWriter writer(out);
    put_publication(writer, publication);
    CHECK_FALSE(writer.overflowed());
    CHECK(writer.size() <= size_of(publication));
    return std::string(writer.text());
}

}  // namespace

TEST_CASE("nats: a publication is PUB, and HPUB where it has headers", "[protocol][nats]") {
    CHECK(written({.subject = "a.b", .payload = "hello"}) == "PUB a.b 5\r\nhello\r\n");
    CHECK(written({.subject = "a.b", .reply = "r.1"}) == "PUB a.b r.1 0\r\n\r\n");
    const std::array headers = {Header{"Nats-Rollup", "sub"}, Header{"X", ""}};
    CHECK(written({.subject = "a", .headers = headers, .payload = "hi"}) ==
          "HPUB a 35 37\r\nNATS/1.0\r\nNats-Rollup: sub\r\nX: \r\n\r\nhi\r\n");
    CHECK(written({.subject = "a", .reply = "r", .headers = headers}) ==
          "HPUB a r 35 35\r\nNATS/1.0\r\nNats-Rollup: sub\r\nX: \r\n\r\n\r\n");
}

TEST_CASE("nats: what a broker would misread or end the connection for is not written",
          "[protocol][nats]") {
    const auto flaw = [](std::string_view subject, std::string_view reply = {}) {
        return flaw_of({.subject = subject, .reply = reply}, 10);
    };
    CHECK_FALSE(flaw("a.b-c.=2E_").has_value());
    CHECK_FALSE(flaw("$KV.x.5a.\xff").has_value());
    for (const char* const bad :
         {"", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\r\nb", "a.*", "a.>", "*", ">", "a\x7f"}) {
        CAPTURE(bad);
        CHECK(flaw(bad) == Unsendable::subject);
        if (*bad != '\0') CHECK(flaw("a", bad) == Unsendable::subject);
    }
    CHECK(flaw(std::string(4000, 'a')).has_value() == false);
    CHECK(flaw(std::string(4096, 'a')) == Unsendable::line_too_long);
    CHECK(flaw(std::string(2048, 'a'), std::string(2048, 'b')) == Unsendable::line_too_long);
    CHECK_FALSE(flaw_of({.subject = "a", .payload = "0123456789"}, 10).has_value());
    CHECK(flaw_of({.subject = "a", .payload = "0123456789a"}, 10) == Unsendable::payload_too_long);
    const std::array good = {Header{"A", "b"}};
    CHECK_FALSE(flaw_of({.subject = "a", .headers = good}, 18).has_value());
    CHECK(flaw_of({.subject = "a", .headers = good}, 17) == Unsendable::payload_too_long);
    for (const Header bad : {Header{"", "b"},
                             Header{"a b", "c"},
                             Header{"a:", "c"},
                             Header{"a\r\n", "c"},
                             Header{"a", "b\nc"},
                             Header{"a", "b\r"}}) {
        CHECK(flaw_of({.subject = "a", .headers = {&bad, 1}}, 100) == Unsendable::header);
    }
}

TEST_CASE("nats: a star stands for a word, and the other sign for all that follow",
          "[protocol][nats]") {
    for (const char* const good : {"a", "a.*", "*.b", "a.>", ">", "a*.b>"}) CHECK(is_filter(good));
    for (const char* const bad : {"", "a..>", ">.a", "a.>.b", "a. .b"}) CHECK_FALSE(is_filter(bad));
}

TEST_CASE("nats: a client says who it is, and what it wants of the broker", "[protocol][nats]") {
    std::array<char, connect_size_max> out{};
    const auto connect = [&](const Login& login) {
        TextWriter writer(out);
        put_connect(writer, login);
        CHECK_FALSE(writer.overflowed());
        return std::string(writer.text());
    };
    const std::string always =
        "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c++\",\"protocol\":1,"
        "\"headers\":true,\"no_responders\":true,\"echo\":true,\"tls_required\":";
    CHECK(connect({}) == always + "false}\r\n");
    CHECK(connect({.name = "A", .user = "u\"", .password = "p\r\n", .tls = true}) ==
          always + "true,\"name\":\"A\",\"user\":\"u\\\"\",\"pass\":\"p\\u000d\\u000a\"}\r\n");
    CHECK(connect({.token = "t"}) == always + "false,\"auth_token\":\"t\"}\r\n");
    const std::string longest(Login::text_max, '\x01');
    connect({.name = longest, .user = longest, .password = longest, .token = longest});
}

TEST_CASE("nats: subscribes and ends that", "[protocol][nats]") {
    std::array<char, 100> out{};
    TextWriter writer(out);
    put_subscribe(writer, "$KV.x.>", 12);
    put_unsubscribe(writer, 12);
    CHECK(writer.text() == "SUB $KV.x.> 12\r\nUNSUB 12\r\n");
}

}  // namespace nats_writer_test
